import type { TenantId } from '../../contract/ids.ts';
import type { TrashItem } from '../../contract/trash.ts';
import type { Sql } from '../../state/connection.ts';
import { listTrash } from '../../state/trash.ts';
import type { TrashFilter } from '../../state/trash.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';

export interface TrashService {
  /** What a tenant has removed and can still bring back. */
  readonly list: (tenant: TenantId, filter: TrashFilter) => Promise<Page<TrashItem>>;
}

export function createTrashService(state: Sql): TrashService {
  return {
    list: async (tenant, { after, limit }) =>
      toPage(await listTrash(state, tenant, { after, limit: limit + 1 }), limit, ({ id }) => id),
  };
}
