import { readFile } from 'node:fs/promises';
import { MailSettings } from '../contract/mail.ts';

export const SETTINGS_PATH = '/etc/sculptor/mail/settings.json';

export type ReadSettings = () => Promise<MailSettings>;

/** Read at each use, so that what root sets holds at once. A file that cannot be understood lets nothing out. */
export async function readSettings(path: string = SETTINGS_PATH): Promise<MailSettings> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return MailSettings.parse({});
    throw cause;
  }
  const parsed = MailSettings.safeParse(parse(text));
  // Neither the parser nor the schema is let speak: they would quote what stands in the file.
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
