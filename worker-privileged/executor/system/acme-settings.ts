import { AcmeSettings } from '../../../contract/acme.ts';
import { FailureError } from '../../../contract/failures.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

/** Null until root has said which authority gives certificates. */
export async function readAcmeSettings(files: Pick<Files, 'read'>): Promise<AcmeSettings | null> {
  const text = await files.read(paths.acmeSettings);
  if (text === null) return null;
  try {
    return AcmeSettings.parse(JSON.parse(text));
  } catch {
    throw new FailureError(
      'server_broken',
      `The file ${paths.acmeSettings} cannot be understood.`,
      'On the server, set it again: sculptorctl acme set.',
    );
  }
}
