import { z } from 'zod';
import { DatabaseId, DomainId, Generation, ServerId, TenantId } from '../contract/ids.ts';
import { Plan, TenantName } from '../contract/tenants.ts';
import type { Tenant } from '../contract/tenants.ts';
import type { Sql } from './connection.ts';
import { resourceStatus, stateColumns } from './resource-status.ts';
import { bit, instant, json } from './row-values.ts';

/** One thing that went to the trash with its tenant, and by which version of it. */
export const Taken = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('domain'), id: DomainId, generation: Generation }),
  z.strictObject({ type: z.literal('database'), id: DatabaseId, generation: Generation }),
]);
export type Taken = z.infer<typeof Taken>;

/** A tenant as it was asked for last; `deleted` when what was asked for last is its removal. */
export interface TenantRecord {
  readonly tenant: Tenant;
  readonly deleted: boolean;
  readonly took: readonly Taken[];
}

const Row = z.object({
  id: TenantId,
  name: TenantName,
  plan: json(Plan),
  reason: z.string().nullable(),
  since: instant.nullable(),
  took: json(z.array(Taken)),
  deleted: bit,
  server: ServerId,
  generation: Generation,
  createdAt: instant,
  updatedAt: instant,
  ...stateColumns,
});

/** `default` has no limits; of one that is younger than what was last said of it, neither. */
export const PLAN = `IF(v.tenant_id = 'default' AND JSON_EXISTS(v.plan, '$.publicPorts') = 0,
  JSON_INSERT(v.plan, '$.publicPorts', NULL), v.plan) AS plan`;

const COLUMNS = `v.tenant_id AS id, v.name, ${PLAN}, v.suspended_reason AS reason, v.suspended_since AS since, v.took,
  v.deleted, v.server, v.generation,
  (SELECT f.created_at FROM tenant_version f WHERE f.tenant_id = v.tenant_id AND f.generation = 1) AS createdAt,
  v.created_at AS updatedAt, s.status AS state, s.generation AS stateGeneration`;

// See the same in domains.ts. The first version may have been written by the installation, without an operation.
const CURRENT = `v.generation = (SELECT COALESCE(MAX(o.generation), 1) FROM operation o
  WHERE o.resource_id = v.tenant_id AND o.resource_type = 'tenant' AND o.status NOT IN ('cancelled', 'superseded'))
  AND COALESCE(s.status, '') <> 'deleted'`;

const FROM = 'FROM tenant_version v LEFT JOIN resource_state s ON s.resource_id = v.tenant_id';

/** Whose tenants can be seen: a tenant's own self, or all there are. */
export type TenantView = TenantId | 'all';

export async function findTenant(sql: Sql, id: TenantId): Promise<TenantRecord | undefined> {
  const text = `SELECT ${COLUMNS} ${FROM} WHERE v.tenant_id = ? AND ${CURRENT}`;
  return (await sql.rows(Row, text, [id])).map(toRecord)[0];
}

export interface TenantFilter {
  /** The id that the page begins after. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** In the order of ids. */
export async function listTenants(
  sql: Sql,
  view: TenantView,
  { after = '', limit }: TenantFilter,
): Promise<TenantRecord[]> {
  const text = `SELECT ${COLUMNS} ${FROM} WHERE v.tenant_id > ? AND ('all' = ? OR v.tenant_id = ?) AND ${CURRENT}
    ORDER BY v.tenant_id LIMIT ?`;
  return (await sql.rows(Row, text, [after, view, view, limit])).map(toRecord);
}

/** `alone`: nobody else writes for this tenant until the transaction ends. `shared`: nobody changes the tenant. */
export type TenantLock = 'alone' | 'shared';

/** Taken before any other lock: all that a tenant owns is written under it. */
export async function lockTenant(sql: Sql, id: TenantId, lock: TenantLock): Promise<void> {
  const mode = lock === 'alone' ? 'FOR UPDATE' : 'LOCK IN SHARE MODE';
  await sql.rows(z.object({ id: z.string() }), `SELECT id FROM tenant WHERE id = ? ${mode}`, [id]);
}

export type TenantVersion = Omit<Tenant, 'status' | 'createdAt' | 'updatedAt'> & {
  readonly took: readonly Taken[];
};

export async function insertTenant(sql: Sql, { id, name }: Pick<Tenant, 'id' | 'name'>): Promise<void> {
  await sql.run('INSERT INTO tenant (id, name) VALUES (?, ?)', [id, name]);
}

export async function insertTenantVersion(sql: Sql, wanted: TenantVersion, deleted: boolean): Promise<void> {
  const { id, generation, server, name, plan, suspended, took } = wanted;
  await sql.run(
    `INSERT INTO tenant_version (tenant_id, generation, server, name, plan, suspended_reason, suspended_since, took,
       deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ...[id, generation, server, name, JSON.stringify(plan), suspended?.reason ?? null],
      ...[suspended === null ? null : new Date(suspended.since), JSON.stringify(took), deleted],
    ],
  );
}

function toRecord(row: z.infer<typeof Row>): TenantRecord {
  const { deleted, took, state, stateGeneration, reason, since, ...tenant } = row;
  const standing = { deleted, state, stateGeneration, generation: tenant.generation };
  const suspended = reason === null || since === null ? null : { reason, since };
  return { deleted, took, tenant: { ...tenant, suspended, status: resourceStatus(standing) } };
}
