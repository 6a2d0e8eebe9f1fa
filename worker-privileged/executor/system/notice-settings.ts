import { FailureError } from '../../../contract/failures.ts';
import { NoticeSettings } from '../../../contract/mail-notices.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

/** Who is told by mail of what happens on the server. */
export async function readNoticeSettings(files: Pick<Files, 'read'>): Promise<NoticeSettings> {
  const text = await files.read(paths.noticeSettings);
  if (text === null) return NoticeSettings.parse({});
  try {
    return NoticeSettings.parse(JSON.parse(text));
  } catch {
    throw new FailureError(
      'server_broken',
      `The file ${paths.noticeSettings} cannot be understood.`,
      'On the server, remove it, and say anew who is told: sculptorctl mail notify.',
    );
  }
}
