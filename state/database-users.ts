import { z } from 'zod';
import { MaxConnections, Privileges } from '../contract/databases.ts';
import type { DatabaseUser, PasswordHash } from '../contract/databases.ts';
import { DatabaseId, DatabaseUserId, Generation, ServerId, TenantId } from '../contract/ids.ts';
import { DatabaseUserName } from '../contract/names.ts';
import { isDuplicate } from './connection.ts';
import type { Sql } from './connection.ts';
import { resourceStatus, stateColumns } from './resource-status.ts';
import { bit, instant } from './row-values.ts';

/** A database's account as it was asked for last; its password's hash can be written here and not be read. */
export interface DatabaseUserRecord {
  readonly user: DatabaseUser;
  readonly deleted: boolean;
}

const Row = z.object({
  id: DatabaseUserId,
  database: DatabaseId,
  name: DatabaseUserName,
  privileges: Privileges,
  maxConnections: MaxConnections,
  deleted: bit,
  tenant: TenantId,
  server: ServerId,
  generation: Generation,
  createdAt: instant,
  updatedAt: instant,
  ...stateColumns,
});

const COLUMNS = `v.user_id AS id, v.database_id AS \`database\`, v.name, v.privileges,
  v.max_connections AS maxConnections, v.deleted, v.tenant, v.server,
  v.generation, (SELECT f.created_at FROM database_user_version f
    WHERE f.user_id = v.user_id AND f.generation = 1) AS createdAt,
  v.created_at AS updatedAt, s.status AS state, s.generation AS stateGeneration`;

// See the same in domains.ts.
const CURRENT = `v.generation = (SELECT MAX(o.generation) FROM operation o WHERE o.resource_id = v.user_id
  AND o.resource_type = 'databaseUser' AND o.status NOT IN ('cancelled', 'superseded'))
  AND COALESCE(s.status, '') <> 'deleted'`;

const FROM = `FROM database_user_name n JOIN database_user_version v ON v.user_id = n.user_id
  LEFT JOIN resource_state s ON s.resource_id = v.user_id`;

/** By id or by name, within one database. */
export async function findDatabaseUser(
  sql: Sql,
  database: DatabaseId,
  wanted: { readonly id: string } | { readonly name: string },
): Promise<DatabaseUserRecord | undefined> {
  const [column, value] = 'id' in wanted ? ['n.user_id', wanted.id] : ['n.name', wanted.name];
  const text = `SELECT ${COLUMNS} ${FROM} WHERE n.database_id = ? AND ${column} = ? AND ${CURRENT}`;
  return (await sql.rows(Row, text, [database, value])).map(toRecord)[0];
}

export interface DatabaseUserFilter {
  /** The name that the page begins after. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** In the order of names. */
export async function listDatabaseUsers(
  sql: Sql,
  database: DatabaseId,
  { after = '', limit }: DatabaseUserFilter,
): Promise<DatabaseUserRecord[]> {
  const text = `SELECT ${COLUMNS} ${FROM} WHERE n.database_id = ? AND n.name > ? AND ${CURRENT}
    ORDER BY n.name LIMIT ?`;
  return (await sql.rows(Row, text, [database, after, limit])).map(toRecord);
}

export type DatabaseUserVersion = Omit<DatabaseUser, 'status' | 'createdAt' | 'updatedAt'>;

/** Without a hash the password stays as it is. */
export async function insertDatabaseUserVersion(
  sql: Sql,
  wanted: DatabaseUserVersion,
  { passwordHash, deleted }: { readonly passwordHash: PasswordHash | null; readonly deleted: boolean },
): Promise<void> {
  await sql.run(
    `INSERT INTO database_user_version (user_id, generation, database_id, tenant, server, name, privileges,
       max_connections, password_hash, deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ...[wanted.id, wanted.generation, wanted.database, wanted.tenant, wanted.server, wanted.name],
      ...[wanted.privileges, wanted.maxConnections, passwordHash, deleted],
    ],
  );
}

type HeldName = Pick<DatabaseUser, 'id' | 'database' | 'server' | 'name'>;

/** Takes the name, or says that it is not to be had; then the transaction has to be given up. */
export async function holdDatabaseUserName(
  sql: Sql,
  { id, database, server, name }: HeldName,
): Promise<'held' | undefined> {
  try {
    const text = 'INSERT INTO database_user_name (server, name, user_id, database_id) VALUES (?, ?, ?, ?)';
    await sql.run(text, [server, name, id, database]);
    return undefined;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return 'held';
  }
}

/**
 * The names of those that come back with a database from the trash. Returns the first that is not to be had; then the
 * transaction has to be given up.
 */
export async function holdReturningUserNames(
  sql: Sql,
  { id, server }: { readonly id: DatabaseId; readonly server: ServerId },
): Promise<DatabaseUserName | undefined> {
  const users = await sql.rows(
    z.object({ id: DatabaseUserId, name: DatabaseUserName }),
    `SELECT v.user_id AS id, v.name FROM database_user_version v JOIN resource_state s ON s.resource_id = v.user_id
       WHERE v.database_id = ? AND v.generation = 1 AND s.status <> 'deleted' ORDER BY v.name`,
    [id],
  );
  for (const { id: user, name } of users) {
    if ((await holdDatabaseUserName(sql, { id: user, database: id, server, name })) !== undefined)
      return name;
  }
  return undefined;
}

function toRecord({ deleted, state, stateGeneration, ...user }: z.infer<typeof Row>): DatabaseUserRecord {
  const standing = { deleted, state, stateGeneration, generation: user.generation };
  return { deleted, user: { ...user, status: resourceStatus(standing) } };
}

const Standing = z.object({
  resourceId: z.string(),
  generation: Generation,
  tenant: TenantId,
  server: ServerId,
});

/** The accounts of a database that stand, each by the version that does. */
export async function databaseUsersStanding(
  sql: Sql,
  databaseId: string,
): Promise<z.infer<typeof Standing>[]> {
  const text = `SELECT v.user_id AS resourceId, v.generation, v.tenant, v.server FROM database_user_version v
    JOIN resource_state s ON s.resource_id = v.user_id AND s.status = 'live' AND s.generation = v.generation
    WHERE v.database_id = ? AND NOT v.deleted`;
  return sql.rows(Standing, text, [databaseId]);
}
