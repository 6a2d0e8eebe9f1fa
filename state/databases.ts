import { z } from 'zod';
import { Charset, Collation } from '../contract/collations.ts';
import type { Database } from '../contract/databases.ts';
import { DatabaseId, Generation, ServerId, TenantId } from '../contract/ids.ts';
import { DatabaseName } from '../contract/names.ts';
import { isDuplicate } from './connection.ts';
import type { Sql } from './connection.ts';
import { resourceStatus, stateColumns } from './resource-status.ts';
import { nextGeneration } from './versions-of.ts';
import { bit, instant } from './row-values.ts';

/** A database as it was asked for last; `deleted` when what was asked for last is its removal. */
export interface DatabaseRecord {
  readonly database: Database;
  readonly deleted: boolean;
}

const Row = z.object({
  id: DatabaseId,
  name: DatabaseName,
  charset: Charset,
  collation: Collation,
  dataOctets: z.coerce.number().nullable(),
  indexOctets: z.coerce.number().nullable(),
  measuredAt: instant.nullable(),
  deleted: bit,
  protected: bit,
  tenant: TenantId,
  server: ServerId,
  generation: Generation,
  createdAt: instant,
  updatedAt: instant,
  ...stateColumns,
});

const COLUMNS = `v.database_id AS id, v.name, v.charset, v.collation, v.deleted, v.tenant, v.server, v.generation,
  (SELECT f.created_at FROM database_version f
    WHERE f.database_id = v.database_id AND f.generation = 1) AS createdAt,
  v.created_at AS updatedAt, EXISTS (SELECT 1 FROM protection p WHERE p.resource_id = v.database_id) AS protected,
  s.status AS state, s.generation AS stateGeneration,
  z.data_octets AS dataOctets, z.index_octets AS indexOctets, z.measured_at AS measuredAt`;

// See the same in domains.ts.
const CURRENT = `v.generation = (SELECT MAX(o.generation) FROM operation o WHERE o.resource_id = v.database_id
  AND o.resource_type = 'database' AND o.status NOT IN ('cancelled', 'superseded'))
  AND COALESCE(s.status, '') <> 'deleted'`;

const STATE = `LEFT JOIN resource_state s ON s.resource_id = v.database_id
  LEFT JOIN database_size z ON z.database_id = v.database_id`;

export async function findDatabase(
  sql: Sql,
  tenant: TenantId,
  id: DatabaseId,
): Promise<DatabaseRecord | undefined> {
  const text = `SELECT ${COLUMNS} FROM database_version v ${STATE}
    WHERE v.database_id = ? AND v.tenant = ? AND ${CURRENT}`;
  return (await sql.rows(Row, text, [id, tenant])).map(toRecord)[0];
}

/** Where a database's name is held: names are unique on one server. */
export interface DatabaseNamePlace {
  readonly server: ServerId;
  readonly tenant: TenantId;
  readonly name: DatabaseName;
}

export async function findDatabaseId(sql: Sql, place: DatabaseNamePlace): Promise<DatabaseId | undefined> {
  const text = `SELECT n.database_id AS id FROM database_name n
    JOIN database_version v ON v.database_id = n.database_id AND v.generation = 1
    WHERE n.server = ? AND n.name = ? AND v.tenant = ?`;
  const rows = await sql.rows(z.object({ id: DatabaseId }), text, [place.server, place.name, place.tenant]);
  return rows[0]?.id;
}

export interface DatabaseFilter {
  readonly server: ServerId;
  readonly name?: DatabaseName | undefined;
  /** The name that the page begins after. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** In the order of names. */
export async function listDatabases(
  sql: Sql,
  tenant: TenantId,
  { server, name, after = '', limit }: DatabaseFilter,
): Promise<DatabaseRecord[]> {
  const rows = await sql.rows(
    Row,
    `SELECT STRAIGHT_JOIN ${COLUMNS} FROM database_name n
       JOIN database_version v ON v.database_id = n.database_id ${STATE}
       WHERE n.server = ? AND n.name > ? ${name === undefined ? '' : 'AND n.name = ?'}
         AND v.tenant = ? AND ${CURRENT} ORDER BY n.name LIMIT ?`,
    [server, after, ...(name === undefined ? [] : [name]), tenant, limit],
  );
  return rows.map(toRecord);
}

/** The lock under which all is written that is serialised by this database, its users too; see `lockDomain`. */
export async function lockDatabase(sql: Sql, id: DatabaseId): Promise<Generation> {
  const first = 'SELECT generation FROM database_version WHERE database_id = ? AND generation = 1 FOR UPDATE';
  await sql.rows(z.object({ generation: Generation }), first, [id]);
  return nextGeneration(sql, 'database', id);
}

export type DatabaseVersion = Omit<Database, 'protected' | 'size' | 'status' | 'createdAt' | 'updatedAt'>;

export async function insertDatabaseVersion(
  sql: Sql,
  { id, generation, tenant, server, name, charset, collation }: DatabaseVersion,
  deleted: boolean,
): Promise<void> {
  await sql.run(
    `INSERT INTO database_version (database_id, generation, tenant, server, name, charset, collation, deleted)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [id, generation, tenant, server, name, charset, collation, deleted],
  );
}

/** Takes the name, or says why it is not to be had; then the transaction has to be given up. */
export async function holdDatabaseName(
  sql: Sql,
  { id, server, name }: DatabaseVersion,
): Promise<'held' | 'being-deleted' | undefined> {
  try {
    const text = 'INSERT INTO database_name (server, name, database_id) VALUES (?, ?, ?)';
    await sql.run(text, [server, name, id]);
    return undefined;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  const [holder] = await sql.rows(
    z.object({ deleted: bit }),
    `SELECT v.deleted FROM database_name n
       JOIN database_version v ON v.database_id = n.database_id WHERE n.server = ? AND n.name = ?
       ORDER BY v.generation DESC LIMIT 1`,
    [server, name],
  );
  return holder?.deleted === true ? 'being-deleted' : 'held';
}

function toRecord(row: z.infer<typeof Row>): DatabaseRecord {
  const { deleted, state, stateGeneration, dataOctets, indexOctets, measuredAt, ...database } = row;
  const standing = { deleted, state, stateGeneration, generation: database.generation };
  const size =
    dataOctets === null || indexOctets === null || measuredAt === null
      ? null
      : { data: dataOctets, index: indexOctets, measuredAt };
  return { deleted, database: { ...database, size, status: resourceStatus(standing) } };
}
