import type { Logger } from '../runtime/logger.ts';

/** Follows whether something is well, and says so when it changes and not each time it is asked. */
export interface Watch {
  readonly well: () => void;
  /** The facts are logged with it. */
  readonly unwell: (facts: Readonly<Record<string, unknown>>) => void;
}

/** What is unwell for so many rounds does not mend by itself: a person must act. */
const PATIENCE_ROUNDS = 3;

export function createWatch(logger: Logger, subject: string, patienceRounds = PATIENCE_ROUNDS): Watch {
  let rounds = 0;
  return {
    well: () => {
      if (rounds > 0) logger.info({ subject, rounds }, 'well again');
      rounds = 0;
    },
    unwell: (facts) => {
      rounds += 1;
      if (rounds === 1) logger.warn({ subject, ...facts }, 'not well');
      if (rounds === patienceRounds) logger.error({ subject, ...facts }, 'still not well, look at it');
    },
  };
}
