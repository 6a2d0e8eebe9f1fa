import type { Notification } from '../../contract/notifications.ts';
import type { Sql } from '../../state/connection.ts';
import { listNotifications } from '../../state/notifications.ts';
import type { NotificationFilter } from '../../state/notifications.ts';
import { viewOf } from '../caller.ts';
import type { Caller } from '../caller.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';

type Asking = Pick<Caller, 'role' | 'tenant' | 'acting'>;

export interface NotificationService {
  /** The newest first: a tenant's, and those of the server for an administrator who acts for nobody. */
  readonly list: (caller: Asking, filter: NotificationFilter) => Promise<Page<Notification>>;
}

export function createNotificationService(state: Sql): NotificationService {
  return {
    list: async (caller, { before, limit }) => {
      const whose = { tenant: caller.tenant, andServer: viewOf(caller) === 'all' };
      const found = await listNotifications(state, whose, { before, limit: limit + 1 });
      return toPage(found, limit, ({ id }) => String(id));
    },
  };
}
