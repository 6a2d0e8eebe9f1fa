/** The pauses between the attempts of one delivery: ten attempts in a day, in seconds. */
const PAUSES_S = [5, 60, 300, 1500, 5400, 10_800, 18_000, 21_600, 28_800] as const;
/** After so long from its beginning nothing is tried again, whatever the receiver asks for. */
export const GIVEN_UP_AFTER_MS = 26 * 3_600_000;
/** So that those that failed together do not come back together. */
const SPREAD = 0.1;

export interface Failed {
  /** Milliseconds, as of Date.now(). */
  readonly now: number;
  readonly begunAt: number;
  /** Counted with the one that failed. */
  readonly attempts: number;
  /** What its receiver asked for. */
  readonly retryAfterMs: number | null;
  readonly random?: () => number;
}

/** When it is tried again; null where it is given up. */
export function nextAttempt({
  now,
  begunAt,
  attempts,
  retryAfterMs,
  random = Math.random,
}: Failed): Date | null {
  const pause = PAUSES_S[attempts - 1];
  if (pause === undefined) return null;
  const wait = Math.max(pause * 1000 * (1 + SPREAD * random()), retryAfterMs ?? 0);
  return now + wait > begunAt + GIVEN_UP_AFTER_MS ? null : new Date(now + wait);
}

/** Retry-After in milliseconds, from seconds or from a date; null where it is neither. */
export function retryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^[0-9]{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
