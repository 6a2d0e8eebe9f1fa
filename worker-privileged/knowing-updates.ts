import { toFailure } from '../contract/failures.ts';
import type { ServerId } from '../contract/ids.ts';
import { SeenUpdates } from '../contract/updates.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sql } from '../state/connection.ts';
import { putServerFact, readServerFact } from '../state/server-facts.ts';
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
/** apt takes seconds of a processor: a worker that is started again and again does not look each time. */
const LEAST_BETWEEN_MS = 60_000;

export function createKnowingUpdates(parts: KnowingUpdatesParts): KnowingUpdates {
  const { state, server, isActive, logger } = parts;
  let pause: number | undefined;

  async function sinceTheLast(): Promise<number> {
    const seen = SeenUpdates.safeParse(await readServerFact(state, server, 'updates')).data;
    const age = seen === undefined ? Infinity : Date.now() - Date.parse(seen.lookedAt);
    return age < 0 ? Infinity : age;
  }

  return {
    noteUpdate: () => {
      pause = 0;
    },
    once: async () => {
      if (!isActive()) return;
      if (pause !== undefined && pause > 0) {
        pause -= 1;
        return;
      }
      const isFirst = pause === undefined;
      pause = ROUNDS_BETWEEN;
      try {
        const left = isFirst ? LEAST_BETWEEN_MS - (await sinceTheLast()) : 0;
        if (left > 0) pause = Math.ceil(left / 1000);
        else await lookAtUpdates(parts, server);
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
