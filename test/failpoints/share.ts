import { createHash } from 'node:crypto';

/** Which of all runs are done this time: the Nth of M parts, dealt by a seed, or those that are named. */
export type Share = {
  readonly part: number;
  readonly of: number;
  readonly seed: string;
  readonly at: RegExp | null;
};

/** So many parts are there where nobody says how many: of one that is dealt, CI has a few minutes' work. */
const PARTS = 100;

export function shareOf(environment: NodeJS.ProcessEnv): Share {
  const [part = '', of = ''] = (environment['FAILPOINTS_PART'] ?? `1/${PARTS}`).split('/');
  const seed = environment['FAILPOINTS_SEED'] ?? String(Date.now() % 1_000_000);
  const at = environment['FAILPOINTS_AT'];
  return { part: Number(part), of: Number(of), seed, at: at ? new RegExp(at) : null };
}

export function isDealt({ part, of, seed, at }: Share, title: string): boolean {
  if (at !== null) return at.test(title);
  const digest = createHash('sha256').update(`${seed} ${title}`).digest();
  return digest.readUInt32BE() % of === part - 1;
}
