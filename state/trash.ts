import { z } from 'zod';
import type { TenantId } from '../contract/ids.ts';
import { ServerId } from '../contract/ids.ts';
import { ResourceType } from '../contract/operations.ts';
import type { TrashItem } from '../contract/trash.ts';
import type { Sql, State } from './connection.ts';
import { freeAllNames } from './held-names.ts';
import { CLAIMABLE_ID, lockOpenOperations } from './open-operations.ts';
import { markChildrenDeleted } from './resource-states.ts';
import { instant } from './row-values.ts';

/** What lies in the trash, with what the API wrote of it: its type, its name, whose it is. */
const TRASHED = `(
    SELECT 'domain' AS type, s.resource_id AS id, v.name, v.tenant, v.server, s.trashed_at, s.purge_after
      FROM resource_state s JOIN domain_version v ON v.domain_id = s.resource_id AND v.generation = 1
      WHERE s.status = 'trashed' AND s.trashed_at IS NOT NULL AND s.purge_after IS NOT NULL
    UNION ALL
    SELECT 'database', s.resource_id, v.name, v.tenant, v.server, s.trashed_at, s.purge_after
      FROM resource_state s JOIN database_version v ON v.database_id = s.resource_id AND v.generation = 1
      WHERE s.status = 'trashed' AND s.trashed_at IS NOT NULL AND s.purge_after IS NOT NULL
    UNION ALL
    SELECT 'tenant', s.resource_id, v.name, v.tenant, v.server, s.trashed_at, s.purge_after
      FROM resource_state s JOIN tenant_version v ON v.tenant_id = s.resource_id AND v.generation = 1
      WHERE s.status = 'trashed' AND s.trashed_at IS NOT NULL AND s.purge_after IS NOT NULL
  ) t`;

const Item = z.object({
  type: ResourceType,
  id: z.string(),
  name: z.string(),
  trashedAt: instant,
  purgeAfter: instant,
});

export interface TrashFilter {
  /** The id that the page begins after. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A tenant's, in the order of ids. */
export async function listTrash(
  sql: Sql,
  tenant: TenantId,
  { after = '', limit }: TrashFilter,
): Promise<TrashItem[]> {
  const text = `SELECT t.type, t.id, t.name, t.trashed_at AS trashedAt, t.purge_after AS purgeAfter FROM ${TRASHED}
    WHERE t.tenant = ? AND t.id > ? ORDER BY t.id LIMIT ?`;
  return sql.rows(Item, text, [tenant, after, limit]);
}

const Due = z.object({ type: ResourceType, id: z.string(), server: ServerId });
export type Due = z.infer<typeof Due>;

/**
 * What may be purged on a server by now, as the state has it, the longest due first. Not what somebody still wants
 * something of: a restoration that waits is carried out. A row for another server, or that nobody can claim, is no wish.
 */
export async function dueForPurge(sql: Sql, server: ServerId): Promise<Due[]> {
  const text = `SELECT t.type, t.id, t.server FROM ${TRASHED} WHERE t.server = ? AND t.purge_after <= UTC_TIMESTAMP(3)
    AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.resource_id = t.id AND o.status IN ('queued', 'running')
      AND o.server = t.server AND o.${CLAIMABLE_ID})
    ORDER BY t.purge_after, t.id LIMIT 100`;
  return sql.rows(Due, text, [server]);
}

/**
 * It is gone for good, and so are the names it held. False where it does not lie in the trash any more; nothing was
 * written then. What was asked of it meanwhile ends as failed.
 */
export async function markPurged(state: State, { type, id, server }: Due): Promise<boolean> {
  return state.transaction(async (sql) => {
    await lockOpenOperations(sql, { server, serialKey: `${type}:${id}` });
    const written = await sql.run(
      `UPDATE resource_state SET status = 'deleted', trashed_at = NULL, purge_after = NULL,
         updated_at = UTC_TIMESTAMP(3) WHERE resource_id = ? AND status = 'trashed'`,
      [id],
    );
    if (written !== 1) return false;
    await markChildrenDeleted(sql, type, id);
    await freeAllNames(sql, type, id);
    return true;
  });
}

/** It could not be purged now: it is looked at again in an hour. */
export async function postponePurge(sql: Sql, id: string): Promise<void> {
  await sql.run(
    `UPDATE resource_state SET purge_after = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR
       WHERE resource_id = ? AND status = 'trashed'`,
    [id],
  );
}
