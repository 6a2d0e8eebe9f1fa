import type { TenantId } from '../../contract/ids.ts';
import type { OperationKind } from '../../contract/operations.ts';
import type { Plan } from '../../contract/tenants.ts';
import { RetryError } from '../../state/connection.ts';
import type { Sql } from '../../state/connection.ts';
import { readDiskUsage } from '../../state/disk.ts';
import { countOwned } from '../../state/owned.ts';
import type { Counted } from '../../state/owned.ts';
import { findTenant, lockTenant } from '../../state/tenants.ts';
import type { TenantRecord } from '../../state/tenants.ts';
import type { Caller } from '../caller.ts';
import { diskLimit, planLimit, ProblemError, tenantSuspended } from '../problems.ts';

export type WriteAction = OperationKind | 'operation.cancel' | 'token.create' | 'webhook.write';

/** What of its tenant's plan a write may use up; what comes back from the trash brings its own along. */
const COUNTED: Readonly<Record<string, readonly Counted[]>> = {
  // With the programs that its type usually has.
  'domain.create': ['domains', 'queues', 'crons'],
  'domain.update': ['queues', 'crons'],
  'domain.restore': ['domains', 'queues', 'crons', 'keys'],
  'database.create': ['databases'],
  'database.restore': ['databases', 'databaseUsers', 'databaseConnections'],
  'databaseUser.create': ['databaseUsers', 'databaseConnections'],
  'databaseUser.update': ['databaseConnections'],
  'queue.create': ['queues', 'publicPorts'],
  'queue.update': ['publicPorts'],
  'cron.create': ['crons'],
  'key.create': ['keys'],
  'token.create': ['tokens'],
};

/** What writes on and on once it is there. Keys and commands make room where there is none. */
const FILLING: ReadonlySet<string> = new Set([
  'domain.create',
  'database.create',
  'database.restore',
  'queue.create',
  'cron.create',
]);

/** To be called when all of the write is written, before it counts. */
export type StillFits = () => Promise<void>;

export type Admit = (
  sql: Sql,
  who: Pick<Caller, 'role' | 'tenant'>,
  action: WriteAction,
) => Promise<StillFits>;

/**
 * Whether something of a tenant's may be written now, and whether there is room for it: counted before and after, under
 * a lock of the tenant, so that of many at once each sees what those before it have made.
 */
export const admit: Admit = async (sql, { role, tenant }, action) => {
  const kinds = COUNTED[action] ?? [];
  const seen = await find(sql, tenant);
  const alone = limited(seen.tenant.plan, kinds).length > 0;
  await lockTenant(sql, tenant, alone ? 'alone' : 'shared');
  const record = await find(sql, tenant);
  requireStanding(record, { role, action });
  const { plan } = record.tenant;
  if (FILLING.has(action)) await requireRoomOnDisk(sql, tenant, plan);
  const counted = limited(plan, kinds);
  if (counted.length > 0 && !alone) throw new RetryError('the plan was changed in this moment');
  const before = await countEach(sql, tenant, counted);
  return async () => {
    const after = await countEach(sql, tenant, counted);
    for (const kind of counted) requireRoom({ kind, most: plan[kind] ?? 0, before, after });
  };
};

/** By what was measured last, whether the kernel counts too or not: it does not count databases. */
async function requireRoomOnDisk(sql: Sql, tenant: TenantId, { diskBytes }: Plan): Promise<void> {
  if (diskBytes === null) return;
  const usage = await readDiskUsage(sql, tenant, true);
  if (usage.usedBytes >= diskBytes) throw diskLimit(diskBytes, usage);
}

function limited(plan: Plan, kinds: readonly Counted[]): readonly Counted[] {
  return kinds.filter((kind) => plan[kind] !== null);
}

type Counts = ReadonlyMap<Counted, number>;

async function countEach(sql: Sql, tenant: TenantId, kinds: readonly Counted[]): Promise<Counts> {
  const counts = new Map<Counted, number>();
  for (const kind of kinds) counts.set(kind, await countOwned(sql, tenant, kind));
  return counts;
}

interface Room {
  readonly kind: Counted;
  readonly most: number;
  readonly before: Counts;
  readonly after: Counts;
}

/** A plan that was lowered keeps nothing from what adds nothing. */
function requireRoom({ kind, most, before, after }: Room): void {
  const had = before.get(kind) ?? 0;
  const would = after.get(kind) ?? 0;
  if (would > most && would > had) throw planLimit(kind, { most, had });
}

async function find(sql: Sql, tenant: TenantId): Promise<TenantRecord> {
  const record = await findTenant(sql, tenant);
  if (record === undefined) throw new ProblemError('conflict', 'The tenant of this token is gone.');
  return record;
}

interface Asked {
  readonly role: Caller['role'];
  readonly action: WriteAction;
}

/** An administrator may put in order what is a suspended tenant's; none of it comes to life by that. */
function requireStanding({ tenant, deleted }: TenantRecord, { role, action }: Asked): void {
  if (action === 'operation.cancel' && role === 'administrator') return;
  if (deleted || tenant.status === 'trashed')
    throw new ProblemError('conflict', `The tenant ${tenant.name} is deleted. Restore it first.`);
  if (tenant.suspended !== null && role !== 'administrator') throw tenantSuspended(tenant.suspended.reason);
}
