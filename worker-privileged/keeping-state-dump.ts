import { createHash } from 'node:crypto';
import { toFailure } from '../contract/failures.ts';
import type { ServerId } from '../contract/ids.ts';
import { StateDumpFact } from '../contract/state-dumps.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sql } from '../state/connection.ts';
import { putServerFact, readServerFact } from '../state/server-facts.ts';
import { AWAY, UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

export interface KeepingStateDumpParts {
  readonly server: ServerId;
  /** Servers that share a disk or a network do not all begin at once. */
  readonly serverName: string;
  readonly state: Sql;
  readonly executor: Pick<Executor, 'call'>;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
  readonly now?: () => number;
}

const DAY_MS = 86_400_000;
/** From one to five at night, in UTC. */
const FIRST_MS = 3_600_000;
const SPAN_MS = 4 * 3_600_000;
const AGAIN_MS = 2 * 3_600_000;

/**
 * To be called every minute: has root dump the state once a day, at once where the time for it has gone by while nobody was
 * there. What came of it is the server's fact `stateDump`. Nobody waits for it, who stops the worker neither. Never throws.
 */
export function createKeepingStateDump(parts: KeepingStateDumpParts): () => Promise<void> {
  const { server, serverName, state, isActive, logger, now = Date.now } = parts;
  let notBefore = Number.NEGATIVE_INFINITY;
  let isUnderWay = false;

  async function dump(good: string | null): Promise<void> {
    const at = new Date(now()).toISOString();
    const came = await ask(parts, { good, at });
    // Root may say that a younger one is enough: then it is asked again, and not every minute.
    notBefore = now() + (came === 'away' ? 0 : AGAIN_MS);
    if (came === 'away') return;
    await putServerFact(state, server, { name: 'stateDump', value: came });
    if (came.ok) logger.info(came, "the agent's state is dumped");
    else logger.error(came, "the agent's state was not dumped");
  }

  return async () => {
    if (!isActive() || isUnderWay || now() < notBefore) return;
    const failed = (error: unknown) =>
      logger.warn({ err: error }, 'whether the state is dumped was not seen to');
    try {
      const known = StateDumpFact.safeParse(await readServerFact(state, server, 'stateDump')).data;
      const good = known?.good ?? null;
      if (good !== null && isOfThisRound(good, { now: now(), serverName })) return;
      isUnderWay = true;
      void dump(good)
        .catch(failed)
        .finally(() => (isUnderWay = false));
    } catch (error) {
      failed(error);
    }
  };
}

/** A dump that is of a time to come says nothing: somebody has set the clock back. */
export function isOfThisRound(
  good: string,
  { now, serverName }: { readonly now: number; readonly serverName: string },
): boolean {
  const of = Date.parse(good);
  return of >= roundBegan(now, serverName) && of <= now + AGAIN_MS;
}

/** When it was time last. */
export function roundBegan(now: number, serverName: string): number {
  const at = FIRST_MS + (createHash('sha256').update(serverName).digest().readUInt32BE() % SPAN_MS);
  return Math.floor((now - at) / DAY_MS) * DAY_MS + at;
}

/** A former executor, until it is restarted, and one that is not there: others say so, and it is asked again. */
async function ask(
  { executor }: KeepingStateDumpParts,
  { good, at }: { readonly good: string | null; readonly at: string },
): Promise<StateDumpFact | 'away'> {
  try {
    const { name, octets, at: of } = await executor.call('state.dump', {}, UNASKED);
    return { ok: true, at, good: of, name, octets };
  } catch (error) {
    const { code, message } = toFailure(error);
    if (AWAY.has(code) || code === 'invalid_request') return 'away';
    return { ok: false, at, good, code, message };
  }
}
