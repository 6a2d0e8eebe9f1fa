import type { ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sql } from '../state/connection.ts';
import { putServerFact } from '../state/server-facts.ts';
import { hasPartsOf } from '../state/site-parts.ts';
import { UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

export interface CacheWatchParts {
  readonly server: ServerId;
  readonly state: Sql;
  readonly executor: Pick<Executor, 'call'>;
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

/** To be called every half minute or so: notes what the sites' caches hold, where a site has one. Never throws. */
export function createCacheWatch(parts: CacheWatchParts): () => Promise<void> {
  const { server, state, executor, isActive, logger } = parts;
  return async () => {
    if (!isActive()) return;
    try {
      if (!(await hasPartsOf(state, 'cache'))) return;
      const { usages } = await executor.call('cache.usages', {}, UNASKED);
      if (usages !== null) await putServerFact(state, server, { name: 'caches', value: usages });
    } catch (error) {
      logger.warn({ err: error }, 'what the caches hold was not heard');
    }
  };
}
