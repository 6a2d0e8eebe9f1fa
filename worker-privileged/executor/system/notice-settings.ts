import { NoticeSettings } from '../../../contract/mail-notices.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';
import { readRootSettings } from './root-settings.ts';

const NOTICES = {
  path: paths.noticeSettings,
  schema: NoticeSettings,
  mend: 'On the server, remove it, and say anew who is told: sculptorctl mail notify.',
};

/** Who is told by mail of what happens on the server. */
export async function readNoticeSettings(files: Pick<Files, 'read'>): Promise<NoticeSettings> {
  return (await readRootSettings(files, NOTICES)) ?? NoticeSettings.parse({});
}
