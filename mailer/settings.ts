import { MailSettings } from '../contract/mail.ts';
import { readRootFile } from './root-file.ts';

export const SETTINGS_PATH = '/etc/sculptor/mail/settings.json';

export type ReadSettings = () => Promise<MailSettings>;

/** Where it cannot be understood nothing is let out. */
export function readSettings(path: string = SETTINGS_PATH): Promise<MailSettings> {
  return readRootFile(path, MailSettings);
}
