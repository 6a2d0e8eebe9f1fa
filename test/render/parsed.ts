import { appendFileSync } from 'node:fs';

/** Where the counts of this run are kept, over all files of the suite. */
export const COUNTS = '/run/sculptor-parsed';
export type Count = { readonly program: string; readonly files: number };

/** A program has read so many of our files, and what it understood was compared with what was meant. */
export function parsedBack(program: string, files: number): void {
  appendFileSync(COUNTS, `${JSON.stringify({ program, files } satisfies Count)}\n`);
}
