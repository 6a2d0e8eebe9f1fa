import { FailureError } from '../../../contract/failures.ts';
import { MailSettings } from '../../../contract/mail.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

/** What root has set for mail. What is wrong with the file is not quoted: there is a password in it. */
export async function readMailSettings(files: Pick<Files, 'read'>): Promise<MailSettings> {
  const text = await files.read(paths.mailSettings);
  if (text === null) return MailSettings.parse({});
  try {
    return MailSettings.parse(JSON.parse(text));
  } catch {
    throw new FailureError(
      'server_broken',
      `The file ${paths.mailSettings} cannot be understood.`,
      'On the server, remove it, and set the mail host again: sculptorctl mail set.',
    );
  }
}
