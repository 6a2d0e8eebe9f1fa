import type { DatabaseId, ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import { dueForMeasuring, putDatabaseSize } from '../state/database-sizes.ts';
import type { Sql } from '../state/connection.ts';
import type { DatabaseDoor } from './database-door.ts';

export interface MeasuringParts {
  readonly server: ServerId;
  readonly state: Sql;
  readonly door: Pick<DatabaseDoor, 'measure'>;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

/** In one round, so that each of 5 000 comes up once in an hour and none of the rounds is felt. */
const AT_ONCE = 100;
const EVERY_MINUTES = 60;

/**
 * To be called every minute: measures those that were measured longest ago, one after the other, each by one look into
 * what InnoDB notes. What cannot be measured is passed over until its turn comes again. Never throws.
 */
export function createMeasuring(parts: MeasuringParts): () => Promise<void> {
  const { server, state, isActive, logger } = parts;
  return async () => {
    if (!isActive()) return;
    try {
      const due = await dueForMeasuring(state, server, { olderThanMinutes: EVERY_MINUTES, limit: AT_ONCE });
      for (const id of due) await measure(parts, id);
    } catch (error) {
      logger.warn({ err: error }, 'measuring broken off');
    }
  };
}

async function measure({ state, door, logger }: MeasuringParts, id: DatabaseId): Promise<void> {
  try {
    const octets = await door.measure(id);
    if (octets !== undefined) await putDatabaseSize(state, id, octets);
  } catch (error) {
    logger.warn({ err: error, database: id }, 'database not measured');
  }
}
