import { existsSync, readFileSync, rmSync } from 'node:fs';
import { COUNTS, type Count } from './attempt.ts';

/** After the last file of the suite: how many rows there were, and what came of the attempts. */
// eslint-disable-next-line no-restricted-exports -- Jest calls what a file exports as its default.
export default function printCounts(): void {
  if (!existsSync(COUNTS)) return;
  const counts = readFileSync(COUNTS, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Count);
  rmSync(COUNTS);
  const rows = new Set(counts.map(({ row }) => row)).size;
  const sum = (of: 'refused' | 'accepted') => counts.reduce((total, count) => total + count[of], 0);
  process.stdout.write(
    `attacks: ${rows} rows, ${sum('refused')} attempts refused, ${sum('accepted')} accepted by design\n`,
  );
}
