import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

/** The worker tries again every two hours where it fails; whoever has its account reads the state no oftener either. */
const MOST_IN_A_DAY = 12;
const DAY_MS = 86_400_000;

const Tried = z.array(z.iso.datetime()).max(1000);

type Tools = { readonly files: Pick<Files, 'read' | 'replace'>; readonly now: () => Date };

/** Counts an attempt before it is made. A record that cannot be read stops all: beginning anew would give the day its room back. */
export async function countAttempt({ files, now }: Tools): Promise<void> {
  const text = await files.read(paths.stateDumpsTried);
  const all = text === null ? [] : Tried.parse(JSON.parse(text));
  const ofToday = all.filter((at) => now().getTime() - Date.parse(at) < DAY_MS);
  if (ofToday.length >= MOST_IN_A_DAY)
    throw new FailureError(
      'limit_reached',
      `This server dumps the agent's state at most ${MOST_IN_A_DAY} times a day, and has.`,
      'Look in the log of the executor why the earlier ones failed. Root may: sculptorctl system dump-state.',
    );
  const noted = JSON.stringify([...ofToday, now().toISOString()]);
  await files.replace(paths.stateDumpsTried, `${noted}\n`, 0o600);
}
