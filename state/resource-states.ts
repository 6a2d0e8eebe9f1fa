import { z } from 'zod';
import type { Generation } from '../contract/ids.ts';
import type { Sql } from './connection.ts';

/** What the worker last brought about. `failed`: something stood before, or may stand half made. */
export const ResourceState = z.object({
  status: z.enum(['live', 'failed', 'deleted']),
  generation: z.number(),
});
export type ResourceState = z.infer<typeof ResourceState>;

export async function readResourceState(sql: Sql, id: string): Promise<ResourceState | undefined> {
  const text = 'SELECT status, generation FROM resource_state WHERE resource_id = ?';
  return (await sql.rows(ResourceState, text, [id]))[0];
}

/** A resource that is deleted stays so: its id is never used again. */
export async function putResourceState(
  sql: Sql,
  id: string,
  state: { readonly status: ResourceState['status']; readonly generation: Generation },
): Promise<void> {
  await sql.run(
    `INSERT INTO resource_state (resource_id, status, generation, updated_at)
       VALUES (?, ?, ?, UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE status = IF(status = 'deleted', status, VALUES(status)),
       generation = GREATEST(generation, VALUES(generation)), updated_at = VALUES(updated_at)`,
    [id, state.status, state.generation],
  );
}

/** The accounts of a database that is gone are gone with it. */
export async function markUsersDeleted(sql: Sql, databaseId: string): Promise<void> {
  const rows = await sql.rows(
    z.object({ id: z.string(), generation: z.number() }),
    `SELECT user_id AS id, MAX(generation) AS generation FROM database_user_version
       WHERE database_id = ? GROUP BY user_id`,
    [databaseId],
  );
  for (const { id, generation } of rows) await putResourceState(sql, id, { status: 'deleted', generation });
}
