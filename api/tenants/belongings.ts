import type { OperationId, ServerId, TenantId } from '../../contract/ids.ts';
import type { Operation } from '../../contract/operations.ts';
import type { Sql } from '../../state/connection.ts';
import { listDatabases } from '../../state/databases.ts';
import { findDatabase } from '../../state/databases.ts';
import { findDomain, listDomains } from '../../state/domains.ts';
import type { Taken } from '../../state/tenants.ts';
import { removeDatabase, restoreDatabase } from '../databases/service.ts';
import { removeDomain, restoreDomain } from '../domains/service.ts';
import { ProblemError } from '../problems.ts';
import type { WriteContext } from '../write-context.ts';

export interface Owner {
  readonly context: WriteContext;
  readonly server: ServerId;
  readonly tenant: TenantId;
}

export interface TakenAll {
  readonly took: readonly Taken[];
  readonly operations: readonly OperationId[];
}

const ALL = 1_000_000;

/** Every site and database of a tenant goes to the trash by an operation of its own, or none of them. */
export async function takeAll(sql: Sql, owner: Owner): Promise<TakenAll> {
  const { server, tenant } = owner;
  const domains = (await listDomains(sql, tenant, { limit: ALL })).filter(({ domain, deleted }) =>
    goes(domain.status, deleted),
  );
  const databases = (await listDatabases(sql, tenant, { server, limit: ALL })).filter(
    ({ database, deleted }) => goes(database.status, deleted),
  );
  refuseProtected([...domains.map(({ domain }) => domain), ...databases.map(({ database }) => database)]);
  const context = as(owner);
  const took: Taken[] = [];
  const operations: OperationId[] = [];
  const note = (type: Taken['type'], { id, resource, generation }: Operation): void => {
    took.push({ type, id: resource.id, generation } as Taken);
    operations.push(id);
  };
  for (const { domain } of domains)
    note('domain', (await removeDomain(sql, context, { id: domain.id })).operation);
  for (const { database } of databases)
    note('database', (await removeDatabase(sql, { context, server }, { id: database.id })).operation);
  return { took, operations };
}

/** What went with its tenant and still lies in the trash by that. What was purged, or restored since, stays so. */
export async function bringBack(
  sql: Sql,
  owner: Owner & { readonly took: readonly Taken[] },
): Promise<OperationId[]> {
  const { server, tenant } = owner;
  const context = as(owner);
  const operations: OperationId[] = [];
  for (const one of owner.took) {
    if (one.type === 'domain') {
      const standing = (await findDomain(sql, tenant, one.id))?.domain;
      if (standing?.status !== 'trashed' || standing.generation !== one.generation) continue;
      operations.push((await restoreDomain(sql, context, { id: one.id })).operation.id);
    } else {
      const standing = (await findDatabase(sql, tenant, one.id))?.database;
      if (standing?.status !== 'trashed' || standing.generation !== one.generation) continue;
      operations.push((await restoreDatabase(sql, { context, server }, { id: one.id })).operation.id);
    }
  }
  return operations;
}

/** One whose removal was asked for already is on its way, unless that came to nothing. */
function goes(status: string, deleted: boolean): boolean {
  return status !== 'trashed' && (!deleted || status === 'failed');
}

function refuseProtected(owned: readonly { readonly name: string; readonly protected: boolean }[]): void {
  const names = owned.filter((one) => one.protected).map(({ name }) => name);
  if (names.length === 0) return;
  const shown = names.slice(0, 10).join(', ') + (names.length > 10 ? ` and ${names.length - 10} more` : '');
  throw new ProblemError(
    'protected',
    `Nothing was changed: of what the tenant owns ${shown} is protected until root on the server clears that.`,
  );
}

function as({ context, tenant }: Owner): WriteContext {
  return { ...context, caller: { ...context.caller, tenant } };
}
