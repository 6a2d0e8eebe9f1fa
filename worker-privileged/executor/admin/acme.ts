import { readAcmeSettings } from '../system/acme-settings.ts';
import { paths } from '../system/paths.ts';
import type { System } from '../system/system.ts';
import { setAcme } from './acme-set.ts';
import { choose, requireNoWords, type AdminAnswer, type AdminCommand, type AdminRequest } from './command.ts';

const WORDS = { show, set, off } as const satisfies Readonly<
  Record<string, (words: readonly string[]) => AdminRequest>
>;

export const acme: AdminCommand = {
  synopsis: 'acme show | set --email ADDRESS | off',
  summary:
    "Which authority gives sites certificates by ACME: Let's Encrypt, or another by --directory URL, and by --ca FILE the roots by which its own name is believed. --agree-tos says that you agree to its terms.",
  read: (words) => choose(WORDS, words),
};

function show(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return { subject: 'show', act: async ({ system }) => answerOf(await system()) };
}

function set(words: readonly string[]): AdminRequest {
  const { subject, put } = setAcme(words);
  return {
    subject,
    act: async ({ system }) => {
      const parts = await system();
      await parts.locks.during('acme', () => put(parts.files));
      return answerOf(parts);
    },
  };
}

/** Certificates that are there stay, and are not renewed. */
function off(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return {
    subject: 'off',
    act: async ({ system }) => {
      const parts = await system();
      await parts.locks.during('acme', async () => {
        for (const path of [paths.acmeSettings, paths.acmeRoots]) await parts.files.remove(path);
      });
      return answerOf(parts);
    },
  };
}

async function answerOf({ files }: Pick<System, 'files'>): Promise<AdminAnswer> {
  const settings = await readAcmeSettings(files);
  if (settings === null)
    return { lines: ['directory  none: no site gets a certificate by ACME'], document: { directory: null } };
  const ownRoots = (await files.read(paths.acmeRoots)) !== null;
  return {
    lines: [
      `directory  ${settings.directory}`,
      `email      ${settings.email}`,
      `believed   by ${ownRoots ? paths.acmeRoots : "the distribution's certificates"}`,
    ],
    document: { ...settings, ownRoots },
  };
}
