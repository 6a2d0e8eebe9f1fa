import type { OpenDelivery } from '../state/webhook-deliveries.ts';
import { GIVEN_UP_AFTER_MS } from './schedule.ts';

/**
 * A delivery that waits for its turn. What is in it of time is by the clock that nobody sets: one that is put forth ends no delivery and
 * begins none too soon, and what was written down by a clock that was ahead is not waited for longer than its own pause.
 */
export interface Waiting extends OpenDelivery {
  readonly begunAt: number;
  dueAt: number;
  running: boolean;
}

/** `now` as of Date.now(), `elapsed` as of performance.now(). */
export interface Clocks {
  readonly now: () => number;
  readonly elapsed: () => number;
}

export function toWaiting(one: OpenDelivery, { now, elapsed }: Clocks): Waiting {
  const { createdAt, attemptedAt, nextAt } = one;
  const pauseMs = (nextAt?.getTime() ?? 0) - (attemptedAt?.getTime() ?? 0);
  const leftMs = Math.min((nextAt?.getTime() ?? 0) - now(), pauseMs, GIVEN_UP_AFTER_MS);
  return {
    ...one,
    begunAt: elapsed() - Math.max(0, now() - createdAt.getTime()),
    dueAt: elapsed() + Math.max(0, leftMs),
    running: false,
  };
}
