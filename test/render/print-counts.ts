import { existsSync, readFileSync, rmSync } from 'node:fs';
import { COUNTS, type Count } from './parsed.ts';

/** After the last file of the suite: how much was parsed back. */
// eslint-disable-next-line no-restricted-exports -- Jest calls what a file exports as its default.
export default function printCounts(): void {
  if (!existsSync(COUNTS)) return;
  const lines = readFileSync(COUNTS, 'utf8').split('\n').filter(Boolean);
  rmSync(COUNTS);
  const counts = lines.map((line) => JSON.parse(line) as Count);
  const files = counts.reduce((total, count) => total + count.files, 0);
  const programs = new Set(counts.map(({ program }) => program)).size;
  process.stdout.write(`parsed back: ${files} files by ${programs} programs\n`);
}
