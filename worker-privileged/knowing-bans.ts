import type { SeenBans } from '../contract/bans.ts';
import { toFailure } from '../contract/failures.ts';
import type { ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sql } from '../state/connection.ts';
import { putServerFact } from '../state/server-facts.ts';
import { AWAY, UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

interface LookingParts {
  readonly state: Sql;
  readonly executor: Pick<Executor, 'call'>;
}

export interface KnowingBansParts extends LookingParts {
  readonly server: ServerId;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

const ROUNDS_BETWEEN = 60;

/**
 * To be called every second: at the start, and each minute, writes down whom fail2ban keeps off. Never throws; what was seen
 * last says when that was.
 */
export function createKnowingBans(parts: KnowingBansParts): () => Promise<void> {
  let pause = 0;
  return async () => {
    if (!parts.isActive()) return;
    if (pause > 0) {
      pause -= 1;
      return;
    }
    pause = ROUNDS_BETWEEN;
    try {
      await lookAtBans(parts, parts.server);
    } catch (error) {
      const { code } = toFailure(error);
      if (!AWAY.has(code) && code !== 'invalid_request')
        parts.logger.warn({ err: error }, 'not known who is banned');
    }
  };
}

/** One after the other: what was seen earlier is not what is written last. */
let turn: Promise<unknown> = Promise.resolve();

/** Looks, and writes down what there is for the API to read. */
export function lookAtBans(parts: LookingParts, server: ServerId): Promise<void> {
  const mine = turn.then(() => look(parts, server));
  turn = mine.catch(() => undefined);
  return mine;
}

async function look({ state, executor }: LookingParts, server: ServerId): Promise<void> {
  const seenAt = new Date().toISOString();
  const value: SeenBans = { ...(await executor.call('bans.look', {}, UNASKED)), seenAt };
  await putServerFact(state, server, { name: 'bans', value });
}
