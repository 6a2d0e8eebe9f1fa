import { z } from 'zod';
import { OperationId } from '../contract/ids.ts';
import type { Generation, ServerId, TenantId } from '../contract/ids.ts';
import type { OperationKind, ResourceType } from '../contract/operations.ts';
import type { Sql } from './connection.ts';
import type { ResourceState } from './resource-states.ts';

/**
 * A row as the API inserted it: all of it is only its word, tenant and server too, for a session can switch foreign
 * keys off. One that fits nothing must not keep the others from being read.
 */
export const OpenOperation = z.object({
  id: z.string(),
  kind: z.string(),
  resourceType: z.string(),
  resourceId: z.string(),
  resourceName: z.string(),
  serialKey: z.string(),
  generation: z.number(),
  tenant: z.string(),
  server: z.string(),
  status: z.string(),
  epoch: z.number(),
  attempt: z.number(),
});
export type OpenOperation = z.infer<typeof OpenOperation>;
export type ClaimableOperation = OpenOperation & { readonly id: OperationId };

const COLUMNS = `id, kind, resource_type AS resourceType, resource_id AS resourceId, resource_name AS resourceName,
  serial_key AS serialKey, generation, tenant, server, status, epoch, attempt`;

/** An operation that is ours to carry out. Every later write names `id` and `epoch`. */
export interface ClaimedOperation {
  readonly id: OperationId;
  readonly kind: OperationKind;
  readonly resourceType: ResourceType;
  readonly resourceId: string;
  readonly resourceName: string;
  readonly serialKey: string;
  readonly generation: Generation;
  readonly tenant: TenantId;
  readonly server: ServerId;
  readonly epoch: number;
  readonly attempt: number;
  /** What stood when it began; null where the resource never came about. */
  readonly before: ResourceState['status'] | null;
}

export async function findOperation(sql: Sql, id: OperationId): Promise<OpenOperation | undefined> {
  return (await sql.rows(OpenOperation, `SELECT ${COLUMNS} FROM operation WHERE id = ?`, [id]))[0];
}

/** The one that brought about what stands of a resource, or stood until it was removed; undefined where none has. */
export async function lastSuccess(
  sql: Sql,
  { type, id }: { readonly type: ResourceType; readonly id: string },
): Promise<OpenOperation | undefined> {
  const text = `SELECT ${COLUMNS} FROM operation WHERE resource_id = ? AND resource_type = ? AND status = 'succeeded'
    AND kind NOT LIKE '%.delete' AND kind NOT LIKE '%.drift' AND kind NOT LIKE '%.repair' ORDER BY generation DESC LIMIT 1`;
  return (await sql.rows(OpenOperation, text, [id, type]))[0];
}

/** As many are told at once that it may be their turn. */
const OF_TENANT = 200;
const OF_ALL = 2000;

export interface Place {
  readonly server: ServerId;
  readonly serialKey: string;
}

/** All that is open under a key, in order, locked; every transaction of ours that ends one begins with this. */
export async function lockOpenOperations(
  sql: Sql,
  { server, serialKey }: Place,
): Promise<ClaimableOperation[]> {
  const rows = await sql.rows(
    OpenOperation,
    `SELECT ${COLUMNS} FROM operation WHERE serial_key = ? AND server = ? AND status IN ('queued', 'running')
       ORDER BY seq FOR UPDATE`,
    [serialKey, server],
  );
  return rows.filter(isClaimable);
}

/** The same as `OperationId` of contract/ids.ts, for MariaDB to look at; sessions of ours take a backslash for itself. */
export const CLAIMABLE_ID = "id REGEXP '\\A[a-z][a-z0-9]{19}\\z'";

// An id that no wake-up can carry is never claimed, and must not keep those behind it from their turn.
function isClaimable(row: OpenOperation): row is ClaimableOperation {
  return OperationId.safeParse(row.id).success;
}

function claimable(rows: readonly OpenOperation[]): OperationId[] {
  return rows.filter(isClaimable).map((row) => row.id);
}

/**
 * What is asked of a tenant's waits for what was asked of the tenant itself before: root has to know it by then. And a
 * tenant goes after what went before it.
 */
const WAITS = `EXISTS (SELECT 1 FROM operation AS ahead WHERE ahead.server = o.server
  AND ahead.status IN ('queued', 'running') AND ahead.seq < o.seq AND (
    (ahead.serial_key = CONCAT('tenant:', o.tenant) AND o.resource_type <> 'tenant')
    OR (o.kind = 'tenant.delete' AND ahead.tenant = o.resource_id)))`;

export async function waitsForTenant(sql: Sql, { id }: Pick<OpenOperation, 'id'>): Promise<boolean> {
  const text = `SELECT ${COLUMNS} FROM operation AS o WHERE id = ? AND ${WAITS}`;
  return (await sql.rows(OpenOperation, text, [id])).length > 0;
}

/**
 * Who may have waited for the end of one: all of a tenant's for the tenant's own, and the tenant's end for theirs. The
 * oldest of them; the sweep finds the rest.
 */
export async function queuedBehind(
  sql: Sql,
  { server, serialKey, tenant }: Pick<ClaimedOperation, 'server' | 'serialKey' | 'tenant'>,
): Promise<OperationId[]> {
  // A plan of a tenant's waits in its place, too, and is of no resource of its kind.
  const [, waitedFor] = /^tenant:(.+)$/.exec(serialKey) ?? [];
  const [condition, of] =
    waitedFor === undefined
      ? ["kind = 'tenant.delete' AND resource_id = ?", tenant]
      : ['tenant = ?', waitedFor];
  const text = `SELECT ${COLUMNS} FROM operation WHERE server = ? AND status = 'queued' AND ${condition} ORDER BY seq
    LIMIT ${OF_TENANT}`;
  return claimable(await sql.rows(OpenOperation, text, [server, of]));
}

/**
 * Ids of what waits on a server: of each tenant the oldest, those that are held back last, and of all tenants each one's
 * first before anybody's second. So however many of one wait, those of the others are among them.
 */
export async function queuedOperations(sql: Sql, server: ServerId): Promise<OperationId[]> {
  const place = 'ROW_NUMBER() OVER (PARTITION BY tenant ORDER BY error_code IS NOT NULL, seq) AS place';
  const text = `SELECT id FROM (SELECT id, seq, ${place} FROM operation
    WHERE server = ? AND status = 'queued' AND ${CLAIMABLE_ID}) AS q WHERE place <= ? ORDER BY place, seq LIMIT ?`;
  const rows = await sql.rows(z.object({ id: OperationId }), text, [server, OF_TENANT, OF_ALL]);
  return rows.map(({ id }) => id);
}

/** Ids of what has waited on a server for longer than so many seconds, oldest first, a thousand at most. */
export async function overdueOperations(sql: Sql, server: ServerId, seconds: number): Promise<OperationId[]> {
  const text = `SELECT ${COLUMNS} FROM operation WHERE server = ? AND status = 'queued'
    AND created_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND ORDER BY seq LIMIT 1000`;
  return claimable(await sql.rows(OpenOperation, text, [server, seconds]));
}

/**
 * Whether there is one that nobody ever began, though it is the first of its key, for longer than so many seconds.
 * One that is tried again or held back was begun, and says itself why it waits.
 */
export async function isOneUntaken(sql: Sql, server: ServerId, seconds: number): Promise<boolean> {
  const text = `SELECT ${COLUMNS} FROM operation AS o WHERE server = ? AND status = 'queued' AND epoch = 0
    AND created_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND AND NOT EXISTS (SELECT 1 FROM operation AS first
      WHERE first.serial_key = o.serial_key AND first.server = o.server AND first.status IN ('queued', 'running')
        AND first.seq < o.seq) AND NOT ${WAITS} ORDER BY seq LIMIT 1`;
  return claimable(await sql.rows(OpenOperation, text, [server, seconds])).length > 0;
}

/** Who is next among those that wait for each other, or none. */
export async function nextQueued(sql: Sql, { server, serialKey }: Place): Promise<OperationId | undefined> {
  const text = `SELECT ${COLUMNS} FROM operation WHERE serial_key = ? AND server = ? AND status = 'queued'
    ORDER BY seq`;
  return claimable(await sql.rows(OpenOperation, text, [serialKey, server]))[0];
}

interface Waiting {
  readonly server: ServerId;
  /** Of one tenant alone. */
  readonly tenant?: TenantId;
  /** More than these are not counted. */
  readonly most: number;
}

export async function countWaiting(sql: Sql, { server, tenant, most }: Waiting): Promise<number> {
  const text = `SELECT COUNT(*) AS count FROM (SELECT 1 FROM operation WHERE server = ? AND status = 'queued'
    ${tenant === undefined ? '' : 'AND tenant = ?'} LIMIT ?) AS waiting`;
  const values = [server, ...(tenant === undefined ? [] : [tenant]), most];
  const [row] = await sql.rows(z.object({ count: z.number() }), text, values);
  return row?.count ?? 0;
}
