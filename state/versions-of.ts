import { z } from 'zod';
import { Generation } from '../contract/ids.ts';
import type { ResourceType } from '../contract/operations.ts';
import type { Sql } from './connection.ts';

/** Where the API writes what is asked of each type of resource: a table, and a condition that ends before its id. */
export const VERSIONS: Readonly<Record<ResourceType, string>> = {
  domain: 'domain_version WHERE domain_id',
  database: 'database_version WHERE database_id',
  databaseUser: 'database_user_version WHERE user_id',
  key: "site_part_version WHERE type = 'key' AND part_id",
  cache: "site_part_version WHERE type = 'cache' AND part_id",
  certificate: "site_part_version WHERE type = 'certificate' AND part_id",
  tenant: 'tenant_version WHERE tenant_id',
  cron: "site_part_version WHERE type = 'cron' AND part_id",
  run: "site_part_version WHERE type = 'run' AND part_id",
  queue: "site_part_version WHERE type = 'queue' AND part_id",
};

/** The number of the version that is written next; to be asked under the lock of what its operations wait for. */
export async function nextGeneration(sql: Sql, type: ResourceType, id: string): Promise<Generation> {
  const text = `SELECT MAX(generation) + 1 AS generation FROM ${VERSIONS[type]} = ?`;
  const [row] = await sql.rows(z.object({ generation: z.coerce.number().pipe(Generation) }), text, [id]);
  if (row === undefined) throw new Error('a resource without versions was asked for');
  return row.generation;
}
