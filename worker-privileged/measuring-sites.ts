import type { DomainId, ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sql } from '../state/connection.ts';
import { putDomainSize, sitesDueForMeasuring } from '../state/disk.ts';
import { UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

export interface MeasuringSitesParts {
  readonly server: ServerId;
  readonly state: Sql;
  readonly executor: Pick<Executor, 'call'>;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
  readonly roundMs?: number;
}

/** In one round, so that each of 5 000 comes up once in an hour. */
const AT_ONCE = 100;
const EVERY_MINUTES = 60;
/** A round begins no further one after that, so that large sites leave the disk alone half of the time. */
const ROUND_MS = 30_000;

/**
 * To be called every minute: measures what the files of those sites take that were measured longest ago, one after the
 * other. What cannot be measured is passed over, and has its turn again when the others have had theirs. Never throws.
 */
export function createMeasuringSites(parts: MeasuringSitesParts): () => Promise<void> {
  const { server, state, isActive, logger, roundMs = ROUND_MS } = parts;
  /** Until when they are passed over. */
  const passed = new Map<DomainId, number>();
  return async () => {
    if (!isActive()) return;
    const end = performance.now() + roundMs;
    try {
      const limit = AT_ONCE + passed.size;
      const due = await sitesDueForMeasuring(state, server, { olderThanMinutes: EVERY_MINUTES, limit });
      for (const id of due) {
        if (performance.now() > end) return;
        if ((passed.get(id) ?? 0) > performance.now()) continue;
        passed.delete(id);
        if (!(await measure(parts, id))) passed.set(id, performance.now() + EVERY_MINUTES * 60_000);
      }
    } catch (error) {
      logger.warn({ err: error }, 'measuring sites broken off');
    }
  };
}

/** False where there was nothing to measure, or it could not be. */
async function measure({ state, executor, logger }: MeasuringSitesParts, id: DomainId): Promise<boolean> {
  try {
    const { octets, enforced } = await executor.call('site.measure', { id }, UNASKED);
    if (octets === null) return false;
    await putDomainSize(state, id, { octets, enforced });
    return true;
  } catch (error) {
    logger.warn({ err: error, domain: id }, 'site not measured');
    return false;
  }
}
