import { readFile } from 'node:fs/promises';
import { NoticeSettings } from '../contract/mail-notices.ts';

export const NOTICE_SETTINGS_PATH = '/etc/sculptor/mail/notify.json';

export type ReadNoticeSettings = () => Promise<NoticeSettings>;

/** Read at each use, so that what root sets holds at once. A file that cannot be understood tells nobody, and says so. */
export async function readNoticeSettings(path: string = NOTICE_SETTINGS_PATH): Promise<NoticeSettings> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return NoticeSettings.parse({});
    throw cause;
  }
  const parsed = NoticeSettings.safeParse(parse(text));
  if (!parsed.success) throw new Error(`${path} cannot be understood`);
  return parsed.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
