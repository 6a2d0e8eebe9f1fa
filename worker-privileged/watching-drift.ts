import type { Config } from '../runtime/config.ts';
import type { ServerId } from '../contract/ids.ts';
import { toFailure } from '../contract/failures.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../state/connection.ts';
import { dueForDrift, forgetDriftOfGone, stillStanding } from '../state/drift.ts';
import type { Looked } from '../state/drift.ts';
import { askForRepair } from '../state/repairs.ts';
import { noteDrift } from './handlers/drift.ts';
import { lookForDrift, putOffLook } from './looking-for-drift.ts';
import type { LookingParts } from './looking-for-drift.ts';

export interface WatchingDriftParts extends LookingParts {
  readonly server: ServerId;
  readonly state: State;
  /** What root has set: whether what has drifted is told, or told and repaired. */
  readonly policy: Config['drift'];
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

/** In one round of a minute, so that each of 25 000 comes up once in a day. */
const AT_ONCE = 20;
const EVERY_HOURS = 24;
const ROUND_MS = 20_000;

/**
 * To be called every minute: looks at those that were looked at longest ago, one after the other, and notes what on the
 * server is not as it was asked for. Where root has set that, it is repaired, by an operation. Never throws.
 */
export function createWatchingDrift(parts: WatchingDriftParts): () => Promise<void> {
  const { server, state, isActive, logger } = parts;
  return async () => {
    if (!isActive()) return;
    const end = performance.now() + ROUND_MS;
    try {
      await forgetDriftOfGone(state);
      for (const looked of await dueForDrift(state, server, { hours: EVERY_HOURS, limit: AT_ONCE })) {
        if (performance.now() > end) return;
        await look(parts, looked);
      }
    } catch (error) {
      if (toFailure(error).code !== 'executor_unavailable')
        logger.warn({ err: error }, 'looking for what has drifted broken off');
    }
  };
}

async function look(parts: WatchingDriftParts, looked: Looked): Promise<void> {
  const { state, policy, logger } = parts;
  const facts = { type: looked.type, resource: looked.id };
  try {
    const found = await lookForDrift(parts, looked);
    // Begun since: what was seen may be half of that.
    if (!(await stillStanding(state, looked))) return;
    const isNew = await noteDrift(state, looked, found);
    if (isNew) logger.warn({ ...facts, differences: found.length }, 'drifted');
    if (found.length === 0 || policy === 'report') return;
    const operationId = await askForRepair(state, looked);
    if (operationId !== undefined)
      logger.info({ ...facts, operationId }, 'what has drifted is to be repaired');
  } catch (error) {
    await putOffLook(parts, looked, error);
  }
}
