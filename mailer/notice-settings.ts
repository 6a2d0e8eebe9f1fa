import { NoticeSettings } from '../contract/mail-notices.ts';
import { readRootFile } from './root-file.ts';

export const NOTICE_SETTINGS_PATH = '/etc/sculptor/mail/notify.json';

export type ReadNoticeSettings = () => Promise<NoticeSettings>;

/** Where it cannot be understood nobody is told, and that is said. */
export function readNoticeSettings(path: string = NOTICE_SETTINGS_PATH): Promise<NoticeSettings> {
  return readRootFile(path, NoticeSettings);
}
