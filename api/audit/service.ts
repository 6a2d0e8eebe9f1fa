import type { AuditEntry } from '../../contract/audit.ts';
import type { Sql } from '../../state/connection.ts';
import { listAudit } from '../../state/audit.ts';
import type { AuditFilter } from '../../state/audit.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';

export interface AuditService {
  /** The whole server's, the newest first. */
  readonly list: (filter: AuditFilter) => Promise<Page<AuditEntry>>;
}

export function createAuditService(state: Sql): AuditService {
  return {
    list: async (filter) => {
      const found = await listAudit(state, { ...filter, limit: filter.limit + 1 });
      return toPage(found, filter.limit, ({ id }) => String(id));
    },
  };
}
