import { z } from 'zod';
import { Generation } from '../contract/ids.ts';
import type { ResourceType } from '../contract/operations.ts';
import { PART_SPECS, type PartType } from '../contract/site-parts.ts';
import type { Sql } from './connection.ts';

const PARTS = 'site_part_version WHERE part_id';
const ofType = (type: PartType) => `site_part_version WHERE type = '${type}' AND part_id`;

/** Where the API writes what is asked of each type of resource: a table, and a condition that ends before its id. */
export const VERSIONS: Readonly<Record<ResourceType, string>> = {
  domain: 'domain_version WHERE domain_id',
  database: 'database_version WHERE database_id',
  databaseUser: 'database_user_version WHERE user_id',
  key: ofType('key'),
  cache: ofType('cache'),
  certificate: ofType('certificate'),
  tenant: 'tenant_version WHERE tenant_id',
  cron: ofType('cron'),
  run: ofType('run'),
  queue: ofType('queue'),
  update: "server_request WHERE type = 'update' AND request_id",
  address: "server_request WHERE type = 'address' AND request_id",
  change: 'planned_change WHERE change_id',
};

/** Versions are numbered by their resource, and one of another type takes its number too: the API may be a thief's. */
export function numbersOf(type: ResourceType): string {
  if (type === 'update' || type === 'address') return 'server_request WHERE request_id';
  return type in PART_SPECS ? PARTS : VERSIONS[type];
}

/**
 * The number of the version that is written next; to be asked under the lock of what its operations wait for. It is the
 * first that is free: one far ahead, which nobody carries out, keeps nothing else from being asked for.
 */
export async function nextGeneration(sql: Sql, type: ResourceType, id: string): Promise<Generation> {
  const versions = numbersOf(type);
  const text = `SELECT MIN(v.generation) + 1 AS generation FROM
    (SELECT generation FROM ${versions} = ?) v LEFT JOIN (SELECT generation FROM ${versions} = ?) n
    ON n.generation = v.generation + 1 WHERE n.generation IS NULL`;
  const [row] = await sql.rows(z.object({ generation: z.coerce.number().pipe(Generation) }), text, [id, id]);
  if (row === undefined) throw new Error('a resource without versions was asked for');
  return row.generation;
}
