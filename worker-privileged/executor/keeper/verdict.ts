/** What is remembered of a site from one round to the next. */
export type Standing = {
  /** Until when it may not write, in milliseconds; null while it may. */
  readonly refusedUntil: number | null;
  /** How often it went far over its share of late. */
  readonly strikes: number;
  readonly lastStrike: number;
};

export const GOOD: Standing = { refusedUntil: null, strikes: 0, lastStrike: 0 };

export type Seen = { readonly bytes: number; readonly share: number; readonly now: number };

/** A cache is full now and then; one that is this much over was filled faster than anybody reads it. */
const FAR_BYTES = 16_777_216;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const FORGOTTEN_AFTER_MS = 600_000;

/**
 * Whether a site may write, and how much of its own is to be dropped. A full cache goes on with nine tenths. One that
 * is filled faster than it is measured is kept from writing, each time for longer, so that what it takes of the
 * room of all comes to little.
 */
export function judge(before: Standing, { bytes, share, now }: Seen): { standing: Standing; drop: number } {
  const drop = bytes > share ? Math.ceil(bytes - share * 0.9) : 0;
  if (bytes > share + FAR_BYTES) {
    const recent = now - before.lastStrike < FORGOTTEN_AFTER_MS ? before.strikes : 0;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** recent, LONGEST_PAUSE_MS);
    return {
      standing: { refusedUntil: now + pause, strikes: Math.min(recent + 1, 16), lastStrike: now },
      drop,
    };
  }
  const over = before.refusedUntil !== null && (now < before.refusedUntil || bytes > share);
  return { standing: over ? before : { ...before, refusedUntil: null }, drop };
}
