import type { TenantId } from '../../contract/ids.ts';
import type { Notification } from '../../contract/notifications.ts';
import type { Sql } from '../../state/connection.ts';
import { listNotifications } from '../../state/notifications.ts';
import type { NotificationFilter } from '../../state/notifications.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';

export interface NotificationService {
  /** A tenant's, the newest first. */
  readonly list: (tenant: TenantId, filter: NotificationFilter) => Promise<Page<Notification>>;
}

export function createNotificationService(state: Sql): NotificationService {
  return {
    list: async (tenant, { before, limit }) => {
      const found = await listNotifications(state, tenant, { before, limit: limit + 1 });
      return toPage(found, limit, ({ id }) => String(id));
    },
  };
}
