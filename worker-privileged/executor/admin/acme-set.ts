import { X509Certificate } from 'node:crypto';
import { parseArgs } from 'node:util';
import { AcmeDirectory, AcmeEmail, LETS_ENCRYPT } from '../../../contract/acme.ts';
import { FailureError } from '../../../contract/failures.ts';
import { because } from '../system/because.ts';
import type { Files } from '../system/files.ts';
import { paths } from '../system/paths.ts';
import { UsageError } from './command.ts';

const OPTIONS = {
  directory: { type: 'string', default: LETS_ENCRYPT },
  email: { type: 'string' },
  ca: { type: 'string' },
  'agree-tos': { type: 'boolean' },
} as const;

const MOST_CHARACTERS = 262_144;

type Setting = {
  readonly subject: string;
  readonly put: (files: Pick<Files, 'read' | 'replace' | 'remove'>) => Promise<void>;
};

/** The whole of it: what is not said anew is as if it had never been said. */
export function setAcme(words: readonly string[]): Setting {
  const { ca, 'agree-tos': agreed, ...said } = parse(words);
  const directory = AcmeDirectory.safeParse(said.directory);
  if (!directory.success) throw new UsageError('--directory is an address that begins with https://');
  const email = AcmeEmail.safeParse(said.email);
  if (!email.success) throw new UsageError('--email is an address of mail, to which the authority writes');
  if (agreed !== true)
    throw new UsageError('the authority wants its terms agreed to: read them, and say --agree-tos');
  if (ca !== undefined && !ca.startsWith('/')) throw new UsageError('--ca is a whole path, from / on');
  const settings = { directory: directory.data, email: email.data };
  return {
    subject: `set ${settings.directory}`,
    put: async (files) => {
      const roots = ca === undefined ? null : await readRoots(files, ca);
      if (roots === null) await files.remove(paths.acmeRoots);
      else await files.replace(paths.acmeRoots, roots, 0o640);
      await files.replace(paths.acmeSettings, `${JSON.stringify(settings, null, 2)}\n`, 0o640);
    },
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, strict: true }).values;
  } catch {
    throw new UsageError('it knows --directory URL, --email ADDRESS, --ca FILE and --agree-tos');
  }
}

async function readRoots(files: Pick<Files, 'read'>, path: string): Promise<string> {
  try {
    const text = (await files.read(path)) ?? '';
    if (text.length > MOST_CHARACTERS) throw new Error('too long');
    const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
    const roots = found.map((pem) => new X509Certificate(pem).toString());
    if (roots.length === 0) throw new Error('there is none');
    return roots.join('');
  } catch (cause) {
    throw because(
      cause,
      new FailureError(
        'invalid_request',
        'The file that --ca names holds no certificates, or others than root could change it.',
        'It wants certificates in PEM, in a folder that nobody but root can change.',
      ),
    );
  }
}
