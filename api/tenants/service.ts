import { TenantId } from '../../contract/ids.ts';
import type { Generation, ServerId } from '../../contract/ids.ts';
import { NO_LIMITS } from '../../contract/tenants.ts';
import type { CreateTenant, Plan, Tenant, TenantUsage, UpdateTenant } from '../../contract/tenants.ts';
import type { OperationId } from '../../contract/ids.ts';
import type { OperationKind } from '../../contract/operations.ts';
import type { Sql, State } from '../../state/connection.ts';
import { newId } from '../../state/new-ids.ts';
import { writeOperation } from '../../state/operations.ts';
import { readDiskUsage } from '../../state/disk.ts';
import { countAllOwned } from '../../state/owned.ts';
import {
  findTenant,
  insertTenant,
  insertTenantVersion,
  listTenants,
  lockTenant,
} from '../../state/tenants.ts';
import type { TenantFilter, TenantRecord, TenantVersion } from '../../state/tenants.ts';
import { revokeTokensOf } from '../../state/token-rows.ts';
import { nextGeneration } from '../../state/versions-of.ts';
import type { Caller } from '../caller.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';
import { inTrash, notFound, ProblemError } from '../problems.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer, Written } from '../writer.ts';
import { bringBack, takeAll } from './belongings.ts';

/** What can be asked for about tenants. All throw ProblemErrors. */
export interface TenantService {
  readonly list: (caller: Caller, filter: TenantFilter) => Promise<Page<Tenant>>;
  readonly read: (caller: Caller, id: TenantId) => Promise<Tenant>;
  readonly usage: (caller: Caller, id: TenantId) => Promise<TenantUsage>;
  readonly create: (context: WriteContext, wanted: CreateTenant) => Promise<WriteAnswer>;
  readonly update: (context: WriteContext, id: TenantId, change: UpdateTenant) => Promise<WriteAnswer>;
  readonly suspend: (context: WriteContext, id: TenantId, reason: string) => Promise<WriteAnswer>;
  readonly resume: (context: WriteContext, id: TenantId) => Promise<WriteAnswer>;
  /** With all it owns, or nothing of it: what is protected keeps the whole. */
  readonly remove: (context: WriteContext, id: TenantId) => Promise<WriteAnswer>;
  /** With what went to the trash with it and still lies there. */
  readonly restore: (context: WriteContext, id: TenantId) => Promise<WriteAnswer>;
}

export interface TenantServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
}

export function createTenantService({ state, write, server }: TenantServiceParts): TenantService {
  /** Another version of a tenant that stands. */
  const change = (
    context: WriteContext,
    kind: OperationKind,
    { id, next }: { readonly id: TenantId; readonly next: (tenant: Tenant) => Partial<TenantVersion> },
  ) =>
    write(context, kind, async (sql) => {
      const { record, generation } = await claim(sql, id);
      requireStanding(record);
      const version = { ...record.tenant, took: [], ...next(record.tenant), generation };
      return put(sql, version, { kind, context });
    });
  return {
    list: async (caller, { after, limit }) => {
      const view = caller.role === 'administrator' ? 'all' : caller.tenant;
      const found = await listTenants(state, view, { after, limit: limit + 1 });
      return toPage(
        found.map(({ tenant }) => tenant),
        limit,
        ({ id }) => id,
      );
    },
    read: async (caller, id) => (await seen(state, caller, id)).tenant,
    usage: async (caller, id) => {
      const { tenant } = await seen(state, caller, id);
      const { plan } = tenant;
      const disk = await readDiskUsage(state, id, plan.diskBytes !== null);
      return { tenant: id, counts: await countAllOwned(state, id), disk, plan };
    },
    create: (context, { name, plan }) =>
      write(context, 'tenant.create', async (sql) => {
        const id = TenantId.parse(newId(12));
        await insertTenant(sql, { id, name });
        const version = { id, name, plan: within(NO_LIMITS, plan), suspended: null, took: [], server };
        return put(sql, { ...version, generation: 1 }, { kind: 'tenant.create', context });
      }),
    update: (context, id, { name, plan }) =>
      change(context, 'tenant.update', {
        id,
        next: (tenant) => ({ name: name ?? tenant.name, plan: within(tenant.plan, plan ?? {}) }),
      }),
    suspend: (context, id, reason) =>
      change(context, 'tenant.suspend', {
        id,
        next: (tenant) => {
          refuseDefault(tenant);
          return { suspended: { reason, since: tenant.suspended?.since ?? new Date().toISOString() } };
        },
      }),
    resume: (context, id) =>
      change(context, 'tenant.resume', {
        id,
        next: (tenant) => {
          if (tenant.suspended === null)
            throw new ProblemError('conflict', `${tenant.name} is not suspended.`);
          return { suspended: null };
        },
      }),
    remove: (context, id) =>
      write(context, 'tenant.delete', async (sql) => {
        const { record, generation } = await claim(sql, id);
        const { tenant, deleted } = record;
        refuseDefault(tenant);
        // A removal that failed may be asked for again; one that is under way is enough.
        if (!deleted || tenant.status !== 'failed') requireStanding(record);
        const { took, operations } = await takeAll(sql, { context, server, tenant: id });
        await revokeTokensOf(sql, id, context.caller.tokenId);
        const version = { ...tenant, took: [...record.took, ...took], generation };
        const written = await put(sql, version, { kind: 'tenant.delete', context });
        return { ...written, others: operations };
      }),
    restore: (context, id) =>
      write(context, 'tenant.restore', async (sql) => {
        const { record, generation } = await claim(sql, id);
        const { tenant, took } = record;
        if (tenant.status !== 'trashed')
          throw new ProblemError('conflict', `${tenant.name} is not in the trash.`);
        // Before what it brings along: that waits for it.
        const version = { ...tenant, took: [], generation };
        const written = await put(sql, version, { kind: 'tenant.restore', context });
        const others: OperationId[] = await bringBack(sql, { context, server, tenant: id, took });
        return { ...written, others };
      }),
  };
}

async function seen(sql: Sql, { role, tenant }: Caller, id: TenantId): Promise<TenantRecord> {
  const record = role === 'administrator' || id === tenant ? await findTenant(sql, id) : undefined;
  if (record === undefined) throw notFound('tenant with this id');
  return record;
}

interface Claimed {
  readonly record: TenantRecord;
  /** Of the version that is to be written. */
  readonly generation: Generation;
}

/** Locks the tenant, and reads it as it is under the lock. */
async function claim(sql: Sql, id: TenantId): Promise<Claimed> {
  await lockTenant(sql, id, 'alone');
  const record = await findTenant(sql, id);
  if (record === undefined) throw notFound('tenant with this id');
  return { record, generation: await nextGeneration(sql, 'tenant', id) };
}

function requireStanding({ tenant, deleted }: TenantRecord): void {
  if (tenant.status === 'trashed') throw inTrash(tenant.name);
  if (deleted)
    throw new ProblemError(
      'conflict',
      `${tenant.name} is being deleted. Wait for the end of that operation.`,
    );
}

/** Whoever could suspend it would lock the administrators out of what is theirs. */
function refuseDefault({ id }: Tenant): void {
  if (id === 'default')
    throw new ProblemError(
      'conflict',
      "The tenant default is the administrators' own: it is neither suspended nor deleted.",
    );
}

function within(plan: Plan, change: { readonly [L in keyof Plan]?: Plan[L] | undefined }): Plan {
  const given = Object.entries(change).filter(([, limit]) => limit !== undefined);
  return { ...plan, ...Object.fromEntries(given) };
}

interface Purpose {
  readonly kind: OperationKind;
  readonly context: WriteContext;
}

/** Writes the version and its operation, which is the administrators' own. */
async function put(sql: Sql, wanted: TenantVersion, { kind, context }: Purpose): Promise<Written> {
  const { id, name, generation, server } = wanted;
  await insertTenantVersion(sql, wanted, kind === 'tenant.delete');
  const owner = TenantId.parse('default');
  const operation = await writeOperation(sql, {
    ...{ kind, resource: { id, name }, serialKey: `tenant:${id}`, generation, tenant: owner, server },
    actor: context.caller.tokenId,
  });
  const { tenant } = (await findTenant(sql, id)) ?? {};
  return { operation, body: { operation, tenant } };
}
