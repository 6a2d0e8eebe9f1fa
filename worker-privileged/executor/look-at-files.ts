import type { Files } from './system/files.ts';
import type { WantedFile } from './wanted-files.ts';

type Looks = Pick<Files, 'read' | 'readLink' | 'stray'>;

/** `words` where one of them is not so, or what of its owner and mode is not; null where all are. */
export async function lookAtFiles(
  files: Looks,
  wanted: readonly WantedFile[],
  words: string,
): Promise<string | null> {
  for (const one of wanted) {
    if (!(await hasContent(files, one))) return words;
    const stray = await strayOf(files, one);
    if (stray !== null) return `${one.path}: ${stray}`;
  }
  return null;
}

async function hasContent(files: Looks, wanted: WantedFile): Promise<boolean> {
  if ('link' in wanted) return (await files.readLink(wanted.path)) === wanted.link;
  const text = await files.read(wanted.path);
  return 'gone' in wanted ? text === null : text === wanted.text;
}

export function strayOf(files: Pick<Files, 'stray'>, wanted: WantedFile): Promise<string | null> {
  return 'text' in wanted ? files.stray(wanted.path, wanted.mode ?? 0o644) : Promise.resolve(null);
}
