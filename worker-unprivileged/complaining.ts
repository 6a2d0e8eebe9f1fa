import type { Logger } from '../runtime/logger.ts';
import { isUnavailable } from '../state/connection.ts';

/** Says what went wrong in a round. */
export type Complain = (error: unknown, message: string) => void;

const SELDOM_MS = 3_600_000;

/**
 * What goes wrong each second is said once an hour. That the database is away the monitor says, and once: it is no fault of
 * the round.
 */
export function createComplaints(logger: Logger, elapsed = () => performance.now()): Complain {
  const saidAt = new Map<string, number>();
  return (error, message) => {
    const last = saidAt.get(message);
    if (isUnavailable(error) || (last !== undefined && elapsed() - last < SELDOM_MS)) {
      logger.debug({ err: error }, message);
      return;
    }
    saidAt.set(message, elapsed());
    logger.warn({ err: error }, message);
  };
}
