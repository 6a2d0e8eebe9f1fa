import type { ServerId } from '../contract/ids.ts';
import type { PhpVersion } from '../contract/names.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sql } from '../state/connection.ts';
import { putServerFact } from '../state/server-facts.ts';
import type { DatabaseDoor } from './database-door.ts';
import { UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

export interface HeartbeatParts {
  readonly server: ServerId;
  readonly state: Sql;
  readonly executor: Pick<Executor, 'call'>;
  readonly door: Pick<DatabaseDoor, 'facts'>;
  readonly version: string;
  readonly isActive: () => boolean;
  /** Whether nothing is begun because packages are being replaced. */
  readonly isUpdating: () => boolean;
  readonly logger: Logger;
  readonly now?: () => number;
  /** Milliseconds of a clock that nobody sets: were the other set back, no beat would come for as long. */
  readonly elapsed?: () => number;
}

const BEAT_EVERY_MS = 20_000;
/** How often the server is asked what is installed, and how soon again when it could not be asked. */
const FACTS_EVERY_MS = 60_000;
const FACTS_AGAIN_MS = 5000;

/**
 * To be called every second or so: says when it is time that the worker is at work, or waits for packages, and what
 * the database server has, and now and then which PHP versions there are. Never throws.
 */
export function createHeartbeat(parts: HeartbeatParts): () => Promise<void> {
  const {
    server,
    state,
    door,
    logger,
    version,
    isActive,
    isUpdating,
    now = Date.now,
    elapsed = monotonic,
  } = parts;
  let nextBeat = Number.NEGATIVE_INFINITY;
  let nextFacts = Number.NEGATIVE_INFINITY;
  return async () => {
    // One that waits for another to stop is not at work.
    if (!isActive()) return;
    try {
      if (elapsed() >= nextBeat) {
        const at = new Date(now()).toISOString();
        await putServerFact(state, server, { name: 'worker', value: { at, version } });
        if (isUpdating()) await putServerFact(state, server, { name: 'updating', value: { at } });
        nextBeat = elapsed() + BEAT_EVERY_MS;
        await putServerFact(state, server, { name: 'databases', value: await door.facts() });
      }
      if (elapsed() >= nextFacts) {
        nextFacts = elapsed() + FACTS_AGAIN_MS;
        await putFacts(parts);
        nextFacts = elapsed() + FACTS_EVERY_MS;
      }
    } catch (error) {
      logger.warn({ err: error }, 'heartbeat not complete');
    }
  };
}

const monotonic = () => performance.now();

async function putFacts({ executor, state, server }: HeartbeatParts): Promise<void> {
  const { phpVersions, timeZone } = await executor.call('server.facts', {}, UNASKED);
  const versions = [...phpVersions].sort(byVersion);
  await putServerFact(state, server, {
    name: 'php',
    value: { versions, default: versions.at(-1) ?? null },
  });
  await putServerFact(state, server, { name: 'timezone', value: timeZone });
}

function byVersion(a: PhpVersion, b: PhpVersion): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
