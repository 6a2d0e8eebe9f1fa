import type { Logger } from '../runtime/logger.ts';
import type { Sql } from '../state/connection.ts';
import type { DatabaseDoor } from './database-door.ts';

export interface KeepingRoomParts {
  readonly state: Sql;
  readonly door: Pick<DatabaseDoor, 'keepConnections'>;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

/**
 * To be called every second: sees that neither the API's account holds rows for longer than a transaction of the worker's
 * waits for them, nor tenants the last connections of the database server. Never throws.
 */
export function createKeepingRoom({ state, door, isActive, logger }: KeepingRoomParts): () => Promise<void> {
  let failing = false;
  return async () => {
    if (!isActive()) return;
    try {
      await state.run('CALL sculptor_door.end_old_transactions()');
      const count = await door.keepConnections();
      if (count > 0) logger.warn({ count }, "connections of tenants reached into the agent's and were ended");
      failing = false;
    } catch (error) {
      // One line until it goes again.
      if (!failing) logger.warn({ err: error }, 'no room could be kept in the database server');
      failing = true;
    }
  };
}
