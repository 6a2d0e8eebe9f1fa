import { AcmeSettings } from '../../../contract/acme.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';
import { readRootSettings } from './root-settings.ts';

const ACME = {
  path: paths.acmeSettings,
  schema: AcmeSettings,
  mend: 'On the server, set it again: sculptorctl acme set.',
};

/** Null until root has said which authority gives certificates. */
export function readAcmeSettings(files: Pick<Files, 'read'>): Promise<AcmeSettings | null> {
  return readRootSettings(files, ACME);
}
