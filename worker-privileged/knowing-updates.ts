import { toFailure } from '../contract/failures.ts';
import type { ServerId } from '../contract/ids.ts';
import type { SeenUpdates } from '../contract/updates.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sql } from '../state/connection.ts';
import { putServerFact } from '../state/server-facts.ts';
import { AWAY, UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

interface LookingParts {
  readonly state: Sql;
  readonly executor: Pick<Executor, 'call'>;
}

export interface KnowingUpdatesParts extends LookingParts {
  readonly server: ServerId;
  /** Whether this is the server's only worker, and packages are not being replaced. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

export interface KnowingUpdates {
  /** Packages were replaced. */
  readonly noteUpdate: () => void;
  /** To be called every second: now and then, and after an update, writes down which wait. Never throws. */
  readonly once: () => Promise<void>;
}

/** Lists are read once a day, and a person may have had apt read them in between. */
const ROUNDS_BETWEEN = 3600;
const ROUNDS_AFTER_FAILURE = 60;

export function createKnowingUpdates(parts: KnowingUpdatesParts): KnowingUpdates {
  const { server, isActive, logger } = parts;
  let pause = 0;
  return {
    noteUpdate: () => {
      pause = 0;
    },
    once: async () => {
      if (!isActive()) return;
      if (pause > 0) {
        pause -= 1;
        return;
      }
      pause = ROUNDS_BETWEEN;
      try {
        await lookAtUpdates(parts, server);
      } catch (error) {
        pause = ROUNDS_AFTER_FAILURE;
        const { code } = toFailure(error);
        if (!AWAY.has(code) && code !== 'invalid_request')
          logger.warn({ err: error }, 'not known which updates wait');
      }
    },
  };
}

/** Looks, and writes down what there is for the API to read. */
export async function lookAtUpdates({ state, executor }: LookingParts, server: ServerId): Promise<void> {
  const status = await executor.call('updates.status', {}, UNASKED);
  const value: SeenUpdates = { ...status, lookedAt: new Date().toISOString() };
  await putServerFact(state, server, { name: 'updates', value });
}
