import { MailSettings } from '../../../contract/mail.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';
import { readRootSettings } from './root-settings.ts';

const MAIL = {
  path: paths.mailSettings,
  schema: MailSettings,
  mend: 'On the server, remove it, and set the mail host again: sculptorctl mail set.',
};

/** What root has set for mail. */
export async function readMailSettings(files: Pick<Files, 'read'>): Promise<MailSettings> {
  return (await readRootSettings(files, MAIL)) ?? MailSettings.parse({});
}
