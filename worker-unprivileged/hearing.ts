import type { ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sql } from '../state/connection.ts';

export interface HearingParts {
  readonly server: ServerId;
  readonly state: Sql;
  readonly logger: Logger;
}

/**
 * To be called every minute: has the state look whether the server is still measured, which the privileged worker cannot tell of
 * itself. What is told, and when, its procedure decides. Never throws.
 */
export function createHearing({ server, state, logger }: HearingParts): () => Promise<void> {
  return async () => {
    try {
      await state.run('CALL sculptor_door.note_silence(?)', [server]);
    } catch (error) {
      // That the database is away the monitor says, and once.
      logger.debug({ err: error }, 'not looked whether the server is measured');
    }
  };
}
