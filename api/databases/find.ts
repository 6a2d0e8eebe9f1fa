import type { Database } from '../../contract/databases.ts';
import type { DatabaseId, ServerId, TenantId } from '../../contract/ids.ts';
import type { DatabaseName } from '../../contract/names.ts';
import type { Sql } from '../../state/connection.ts';
import { findDatabase, findDatabaseId } from '../../state/databases.ts';
import type { DatabaseRecord } from '../../state/databases.ts';
import { notFound, ProblemError } from '../problems.ts';

/** What an address may mean: an id, a name, or either; an id goes first. */
export interface DatabaseAddress {
  readonly id?: DatabaseId | undefined;
  readonly name?: DatabaseName | undefined;
}

export interface DatabasePlace {
  readonly tenant: TenantId;
  readonly server: ServerId;
  readonly address: DatabaseAddress;
}

/** The database at an address; throws a ProblemError when there is none. */
export async function findAt(sql: Sql, { tenant, server, address }: DatabasePlace): Promise<DatabaseRecord> {
  const byId = address.id === undefined ? undefined : await findDatabase(sql, tenant, address.id);
  if (byId !== undefined) return byId;
  const { name } = address;
  const id = name === undefined ? undefined : await findDatabaseId(sql, { server, tenant, name });
  const byName = id === undefined ? undefined : await findDatabase(sql, tenant, id);
  if (byName === undefined) throw notFound('database with this id or name');
  return byName;
}

export function beingDeleted({ name }: Database): ProblemError {
  return new ProblemError('conflict', `${name} is being deleted. Wait for the end of that operation.`);
}
