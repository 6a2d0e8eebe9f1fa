import { z } from 'zod';
import type { Generation } from '../contract/ids.ts';
import type { Sql } from './connection.ts';
import { bit, looseJson } from './row-values.ts';
import { PLAN } from './tenants.ts';

// What was asked for is the API's word. These rows are given out as they stand, and whoever acts on one parses
// it with the contract's schemas first.

const DomainVersionRow = z.object({
  tenant: z.string(),
  server: z.string(),
  name: z.string(),
  aliases: looseJson,
  type: z.string(),
  phpVersion: z.string().nullable(),
  publicDirectory: z.string(),
  options: looseJson,
  phpLimits: looseJson.nullable(),
  isolation: z.string(),
  enabled: bit,
  deleted: bit,
  movesTo: z.string().nullable(),
});
export type DomainVersionRow = z.infer<typeof DomainVersionRow>;

export async function readDomainVersion(
  sql: Sql,
  id: string,
  generation: Generation,
): Promise<DomainVersionRow | undefined> {
  const rows = await sql.rows(
    DomainVersionRow,
    `SELECT tenant, server, name, aliases, type, php_version AS phpVersion, public_directory AS publicDirectory,
       options, php_limits AS phpLimits, isolation, enabled, deleted, moves_to AS movesTo
     FROM domain_version WHERE domain_id = ? AND generation = ?`,
    [id, generation],
  );
  return rows[0];
}

const TenantVersionRow = z.object({
  server: z.string(),
  plan: looseJson,
  suspended: bit,
  deleted: bit,
});
export type TenantVersionRow = z.infer<typeof TenantVersionRow>;

export async function readTenantVersion(
  sql: Sql,
  id: string,
  generation: Generation,
): Promise<TenantVersionRow | undefined> {
  const rows = await sql.rows(
    TenantVersionRow,
    `SELECT v.server, ${PLAN}, v.suspended_reason IS NOT NULL AS suspended, v.deleted FROM tenant_version v
       WHERE v.tenant_id = ? AND v.generation = ?`,
    [id, generation],
  );
  return rows[0];
}

const DatabaseVersionRow = z.object({
  tenant: z.string(),
  server: z.string(),
  name: z.string(),
  charset: z.string(),
  collation: z.string(),
  deleted: bit,
});
export type DatabaseVersionRow = z.infer<typeof DatabaseVersionRow>;

export async function readDatabaseVersion(
  sql: Sql,
  id: string,
  generation: Generation,
): Promise<DatabaseVersionRow | undefined> {
  const rows = await sql.rows(
    DatabaseVersionRow,
    `SELECT tenant, server, name, charset, collation, deleted FROM database_version
       WHERE database_id = ? AND generation = ?`,
    [id, generation],
  );
  return rows[0];
}

const DatabaseUserVersionRow = z.object({
  tenant: z.string(),
  server: z.string(),
  name: z.string(),
  deleted: bit,
  databaseId: z.string(),
  privileges: z.string(),
  maxConnections: z.number().nullable(),
  passwordHash: z.string().nullable(),
  databaseName: z.string().nullable(),
});
export type DatabaseUserVersionRow = z.infer<typeof DatabaseUserVersionRow>;

/**
 * `databaseName` is null where the database of the same tenant and server is not known. A version that changes no
 * password has that of the last before it that was not called off, and did not fail: its owner was told that one.
 */
export async function readDatabaseUserVersion(
  sql: Sql,
  id: string,
  generation: Generation,
): Promise<DatabaseUserVersionRow | undefined> {
  const rows = await sql.rows(
    DatabaseUserVersionRow,
    `SELECT u.tenant, u.server, u.name, u.deleted, u.database_id AS databaseId, u.privileges,
       u.max_connections AS maxConnections,
       COALESCE(u.password_hash, (SELECT b.password_hash FROM database_user_version b
         JOIN operation o ON o.resource_id = b.user_id AND o.resource_type = 'databaseUser'
           AND o.generation = b.generation AND o.status NOT IN ('cancelled', 'failed')
         WHERE b.user_id = u.user_id AND b.generation < u.generation AND b.password_hash IS NOT NULL AND NOT b.deleted
         ORDER BY b.generation DESC LIMIT 1)) AS passwordHash,
       (SELECT MIN(d.name) FROM database_version d
         WHERE d.database_id = u.database_id AND d.tenant = u.tenant AND d.server = u.server) AS databaseName
     FROM database_user_version u WHERE u.user_id = ? AND u.generation = ?`,
    [id, generation],
  );
  return rows[0];
}
