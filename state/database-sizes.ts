import { z } from 'zod';
import { DatabaseId } from '../contract/ids.ts';
import type { ServerId } from '../contract/ids.ts';
import type { Sql } from './connection.ts';

export interface Turn {
  readonly olderThanMinutes: number;
  readonly limit: number;
}

/** Databases that stand on a server and were not measured for so long, those of longest ago first. */
export async function dueForMeasuring(
  sql: Sql,
  server: ServerId,
  { olderThanMinutes, limit }: Turn,
): Promise<DatabaseId[]> {
  const rows = await sql.rows(
    z.object({ id: DatabaseId }),
    `SELECT n.database_id AS id FROM database_name n
       JOIN resource_state s ON s.resource_id = n.database_id AND s.status = 'live'
       LEFT JOIN database_size z ON z.database_id = n.database_id
       WHERE n.server = ? AND (z.measured_at IS NULL OR z.measured_at <= UTC_TIMESTAMP(3) - INTERVAL ? MINUTE)
       ORDER BY z.measured_at, n.database_id LIMIT ?`,
    [server, olderThanMinutes, limit],
  );
  return rows.map(({ id }) => id);
}

export async function putDatabaseSize(
  sql: Sql,
  id: DatabaseId,
  { data, index }: { readonly data: number; readonly index: number },
): Promise<void> {
  await sql.run(
    `INSERT INTO database_size (database_id, data_octets, index_octets, measured_at)
       VALUES (?, ?, ?, UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE data_octets = VALUES(data_octets), index_octets = VALUES(index_octets),
       measured_at = VALUES(measured_at)`,
    [id, data, index],
  );
}
