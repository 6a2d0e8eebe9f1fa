import { z } from 'zod';
import type { Generation } from '../contract/ids.ts';
import type { ResourceType } from '../contract/operations.ts';
import type { Sql } from './connection.ts';

/** What the worker last brought about. `failed`: something stood before, or may stand half made. */
export const ResourceState = z.object({
  status: z.enum(['live', 'failed', 'deleted', 'trashed']),
  generation: z.number(),
});
export type ResourceState = z.infer<typeof ResourceState>;

/** What stands after an operation: one that lies in the trash says when it may be purged. */
export type Standing = 'live' | 'failed' | 'deleted' | { readonly purgeAfter: Date };

export async function readResourceState(sql: Sql, id: string): Promise<ResourceState | undefined> {
  const text = 'SELECT status, generation FROM resource_state WHERE resource_id = ?';
  return (await sql.rows(ResourceState, text, [id]))[0];
}

/** A resource that is deleted stays so: its id is never used again. */
export async function putResourceState(
  sql: Sql,
  id: string,
  { standing, generation }: { readonly standing: Standing; readonly generation: Generation },
): Promise<void> {
  const { status, purgeAfter } =
    typeof standing === 'string'
      ? { status: standing, purgeAfter: null }
      : { status: 'trashed', purgeAfter: standing.purgeAfter };
  // trashed_at is set before status: MariaDB assigns from left to right, and IF sees what stood before.
  await sql.run(
    `INSERT INTO resource_state (resource_id, status, generation, trashed_at, purge_after, updated_at)
       VALUES (?, ?, ?, IF(? = 'trashed', UTC_TIMESTAMP(3), NULL), ?, UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE
       trashed_at = IF(VALUES(status) = 'trashed', COALESCE(trashed_at, VALUES(trashed_at)), NULL),
       purge_after = VALUES(purge_after), status = IF(status = 'deleted', status, VALUES(status)),
       generation = GREATEST(generation, VALUES(generation)), updated_at = VALUES(updated_at)`,
    [id, status, generation, status, purgeAfter],
  );
}

/** An operation came to nothing: what stood before stands, and is what there is of that version too. */
export async function confirmResourceState(sql: Sql, id: string, generation: Generation): Promise<void> {
  await sql.run('UPDATE resource_state SET generation = GREATEST(generation, ?) WHERE resource_id = ?', [
    generation,
    id,
  ]);
}

/** What belongs to another, by its table, its id there, and what it belongs to. */
const CHILDREN: {
  readonly [T in ResourceType]?: { readonly table: string; readonly id: string; readonly of: string };
} = {
  database: { table: 'database_user_version', id: 'user_id', of: 'database_id' },
  domain: { table: 'site_part_version', id: 'part_id', of: 'domain_id' },
};

/**
 * The accounts of a database that is gone are gone with it, and so is what belongs to a site. One that a version puts
 * into another too is not: it is in one for its life, so that version is a forgery.
 */
export async function markChildrenDeleted(sql: Sql, type: ResourceType, id: string): Promise<void> {
  const children = CHILDREN[type];
  if (children === undefined) return;
  const { table, id: own, of } = children;
  const rows = await sql.rows(
    z.object({ id: z.string(), generation: z.number() }),
    `SELECT v.${own} AS id, MAX(v.generation) AS generation FROM ${table} v
       WHERE v.${of} = ? AND NOT EXISTS (SELECT 1 FROM ${table} o
         WHERE o.${own} = v.${own} AND o.${of} <> v.${of}) GROUP BY v.${own}`,
    [id],
  );
  for (const child of rows)
    await putResourceState(sql, child.id, { standing: 'deleted', generation: child.generation });
}
