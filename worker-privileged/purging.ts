import { VERBS } from '../contract/executor.ts';
import type { Verb } from '../contract/executor.ts';
import { toFailure } from '../contract/failures.ts';
import type { ServerId } from '../contract/ids.ts';
import type { ResourceType } from '../contract/operations.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../state/connection.ts';
import { dueForPurge, markPurged, postponePurge } from '../state/trash.ts';
import type { Due } from '../state/trash.ts';
import { AWAY, UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

export interface PurgingParts {
  readonly server: ServerId;
  readonly state: State;
  readonly executor: Pick<Executor, 'call'>;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

/**
 * To be called every minute or so: purges what lies in the trash past its time, one after the other. When that is,
 * the state has only noted; the executor goes by its own record and clock, and refuses what is asked too early.
 * Whatever breaks off is found again in the next round. Never throws.
 */
export function createPurging(parts: PurgingParts): () => Promise<void> {
  const { server, state, isActive, logger } = parts;
  return async () => {
    if (!isActive()) return;
    try {
      for (const due of await dueForPurge(state, server)) await purge(parts, due);
    } catch (error) {
      logger.warn({ err: error }, 'purging broken off');
    }
  };
}

async function purge({ state, executor, logger }: PurgingParts, due: Due): Promise<void> {
  const facts = { type: due.type, resource: due.id };
  const verb = PURGE_VERBS.find((each) => PURGES[each] === due.type);
  if (verb === undefined) return;
  try {
    await executor.call(verb, VERBS[verb].args.parse({ id: due.id }), UNASKED);
  } catch (error) {
    const { code, message } = toFailure(error);
    // The next would fare no better.
    if (AWAY.has(code)) throw error;
    await postponePurge(state, due.id);
    logger.warn({ ...facts, code, why: message }, 'not purged, asked again in an hour');
    return;
  }
  if (await markPurged(state, due)) logger.info(facts, 'purged');
}

type PurgeVerb = Extract<Verb, `${string}.purge`>;

/** Every verb that purges, and of what: one without a row here does not compile. */
const PURGES: Readonly<Record<PurgeVerb, ResourceType>> = {
  'site.purge': 'domain',
  'database.purge': 'database',
  'tenant.purge': 'tenant',
};
const PURGE_VERBS = Object.keys(PURGES) as readonly PurgeVerb[];
