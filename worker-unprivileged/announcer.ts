import type { ServerId } from '../contract/ids.ts';
import type { Notification } from '../contract/notifications.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sql } from '../state/connection.ts';
import { notificationsSince } from '../state/notifications.ts';

export interface AnnouncerParts {
  readonly server: ServerId;
  readonly state: Sql;
  readonly logger: Logger;
}

/** A number may become visible after a later one: so far it is looked back. */
const LOOK_BACK = 50;

/**
 * Once round: a line in the log for each notification that is new; the first time for those of the last hour, because
 * what was said before a restart is not remembered. Never throws.
 */
export function createAnnouncer({ server, state, logger }: AnnouncerParts): () => Promise<void> {
  let newest: number | undefined;
  let said: ReadonlySet<number> = new Set();
  return async () => {
    try {
      const from = newest === undefined ? undefined : Math.max(0, newest - LOOK_BACK);
      const found = await notificationsSince(state, server, from);
      for (const one of found) if (!said.has(one.id)) announce(logger, one);
      said = new Set(found.map(({ id }) => id));
      newest = found.at(-1)?.id ?? newest;
    } catch (error) {
      // That the database is away the monitor says, and once.
      logger.debug({ err: error }, 'notifications not read');
    }
  };
}

function announce(logger: Logger, { id, kind, operation, resource, tenant, message }: Notification): void {
  const about = { type: resource.type, resource: resource.id, name: resource.name, tenant };
  logger.warn({ notification: id, kind, operationId: operation, ...about, what: message }, 'notification');
}
