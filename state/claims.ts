import { z } from 'zod';
import { failpoint } from '../contract/failpoint.ts';
import { Generation, TenantId } from '../contract/ids.ts';
import type { OperationId, ServerId } from '../contract/ids.ts';
import {
  bringsAboutNothing,
  isOfWhatStands,
  OPERATION_RESOURCES,
  OperationKind,
  ResourceType,
} from '../contract/operations.ts';
import type { Sql, State } from './connection.ts';
import { findOperation, lockOpenOperations, waitsForTenant } from './open-operations.ts';
import type { ClaimableOperation, ClaimedOperation, Place } from './open-operations.ts';
import { endUnstarted } from './outcomes.ts';
import { readResourceState } from './resource-states.ts';
import type { ResourceState } from './resource-states.ts';
import { hasChildren, serialKeyOf } from './serial-keys.ts';
import { numbersOf, VERSIONS } from './versions-of.ts';

/** How far an operation may be repeated for want of MariaDB or the executor, or because the worker broke off. */
export const MAX_ATTEMPTS = 5;

export type Claim =
  | { readonly result: 'mine'; readonly operation: ClaimedOperation }
  /** It ended without being begun; whoever waits behind it may go on. */
  | {
      readonly result: 'ended';
      readonly status: 'cancelled' | 'superseded' | 'failed';
      readonly place: Place;
    }
  /** Not to be done, or not now; nothing was written. */
  | { readonly result: 'left'; readonly why: 'unknown' | 'foreign' | 'ended' | 'running' | 'waits' };

/**
 * Takes an operation, if it is its turn, in one transaction. The row was inserted by the API and is believed in
 * nothing that can be checked: an impossible one ends as failed here.
 */
export async function claimOperation(state: State, server: ServerId, id: OperationId): Promise<Claim> {
  return state.transaction(async (sql) => {
    const found = await findOperation(sql, id);
    if (found === undefined) return { result: 'left', why: 'unknown' };
    if (found.server !== server) return { result: 'left', why: 'foreign' };
    const open = await lockOpenOperations(sql, { ...found, server });
    const place = open.findIndex((row) => row.id === id);
    const mine = open[place];
    if (mine === undefined) return { result: 'left', why: 'ended' };
    if (mine.status === 'running') return { result: 'left', why: 'running' };
    if (place > 0 || (await waitsForTenant(sql, mine))) return { result: 'left', why: 'waits' };
    return begin(sql, { ...mine, server }, open.slice(1));
  });
}

async function begin(
  sql: Sql,
  row: ClaimableOperation & { readonly server: ServerId },
  later: readonly ClaimableOperation[],
): Promise<Claim> {
  const before = await readResourceState(sql, row.resourceId);
  const end = await whyNotBegun(sql, row, { later, before });
  if (end !== undefined) {
    const neverBegan = before === undefined && !later.some((other) => other.resourceId === row.resourceId);
    const gone = end === 'cancelled' && neverBegan && !bringsAboutNothing(row.kind);
    await endUnstarted(sql, row, { status: end, gone });
    return { result: 'ended', status: end, place: row };
  }
  const taken = await sql.run(
    `UPDATE operation SET status = 'running', epoch = epoch + 1, attempt = attempt + 1,
       started_at = COALESCE(started_at, UTC_TIMESTAMP(3)), error_code = NULL, error_message = NULL,
       error_hint = NULL WHERE id = ? AND status = 'queued'`,
    [row.id],
  );
  // The rows are locked since they were read: nobody can have come between.
  if (taken !== 1) throw new Error('a locked operation was changed by another');
  failpoint('claim: to be committed', row.id);
  return {
    result: 'mine',
    operation: {
      ...row,
      kind: OperationKind.parse(row.kind),
      resourceType: ResourceType.parse(row.resourceType),
      tenant: TenantId.parse(row.tenant),
      epoch: row.epoch + 1,
      attempt: row.attempt + 1,
      before: before?.status ?? null,
    },
  };
}

interface Surroundings {
  readonly later: readonly ClaimableOperation[];
  readonly before: ResourceState | undefined;
}

async function whyNotBegun(
  sql: Sql,
  row: ClaimableOperation,
  { later, before }: Surroundings,
): Promise<'cancelled' | 'superseded' | 'failed' | undefined> {
  if (!(await isPossible(sql, row))) return 'failed';
  if ((await mayBeCancelled(sql, row)) && !(await standsInForAnother(sql, row, before))) return 'cancelled';
  if (isOfWhatStands(row.kind)) return standsSo(before, row) ? undefined : 'superseded';
  for (const other of later) {
    // An account that waits between the two needs the database, a site's queue needs the site.
    if (hasChildren(row.resourceType) && other.resourceId !== row.resourceId) break;
    const newer =
      other.resourceId === row.resourceId && other.generation > row.generation && doesWork(other, row);
    // What will be cancelled itself, or cannot be carried out, does not do this one's work.
    if (newer && !(await mayBeCancelled(sql, other)) && (await isPossible(sql, other))) return 'superseded';
  }
  if (before !== undefined && before.generation >= row.generation) return 'superseded';
  return undefined;
}

/** Root's side goes by its own record; what was asked for since, or is gone, is none of this one's business. */
function standsSo(before: ResourceState | undefined, { generation }: ClaimableOperation): boolean {
  return before?.generation === generation && (before.status === 'live' || before.status === 'failed');
}

/**
 * Asked to, and never begun, or held back before it changed anything: one that ran and was put back may have done
 * half its work, and has to end by itself.
 */
async function mayBeCancelled(sql: Sql, { id, attempt }: ClaimableOperation): Promise<boolean> {
  return attempt === 0 && (await isCancellationAsked(sql, id));
}

/** An older one gave way to this, and what it was to bring about is not there yet: this must do it for both. */
async function standsInForAnother(
  sql: Sql,
  row: ClaimableOperation,
  before: ResourceState | undefined,
): Promise<boolean> {
  const text = `SELECT id FROM operation
    WHERE resource_id = ? AND status = 'superseded' AND generation < ? AND generation > ? LIMIT 1`;
  return (await sql.rows(Found, text, [row.resourceId, row.generation, before?.generation ?? 0])).length > 0;
}

/** Whether somebody wants it taken back. */
export async function isCancellationAsked(sql: Sql, id: OperationId): Promise<boolean> {
  const text = 'SELECT operation_id AS id FROM cancellation WHERE operation_id = ?';
  return (await sql.rows(Found, text, [id])).length > 0;
}

/** What is to be done once, and is not there for being asked for: nothing that is asked for later does it. */
const DEEDS: ReadonlySet<string> = new Set([
  'queue.restart',
  'cron.run',
  'certificate.renew',
] satisfies OperationKind[]);

/**
 * Whether a later one brings about what an earlier one was to. What a restoration brings back, or a move hands over,
 * nothing else does; a deed is done by another like it, and is not missed where all of it is removed.
 */
function doesWork(later: Kinded, earlier: Kinded): boolean {
  if (earlier.kind.endsWith('.restore') || [earlier.kind, later.kind].includes('domain.move')) return false;
  if (isOfWhatStands(later.kind)) return false;
  return !DEEDS.has(earlier.kind) || later.kind === earlier.kind || later.kind.endsWith('.delete');
}

type Kinded = Pick<ClaimableOperation, 'kind'>;

const Found = z.object({ id: z.string() });

/**
 * Versions are counted without a gap. One far ahead would be the last that this resource can ever have: what is
 * carried out is never carried out again, nor anything older.
 */
async function isNext(sql: Sql, type: ResourceType, row: ClaimableOperation): Promise<boolean> {
  const text = `SELECT COUNT(*) AS count FROM ${numbersOf(type)} = ? AND generation <= ?`;
  const [versions] = await sql.rows(z.object({ count: z.number() }), text, [row.resourceId, row.generation]);
  return versions?.count === row.generation;
}

/** There is a version of that resource, of that type, tenant and server, that asks for what the kind does. */
async function isAskedFor(sql: Sql, type: ResourceType, row: ClaimableOperation): Promise<boolean> {
  const text = `SELECT 'asked' AS id FROM ${VERSIONS[type]} = ?
    AND generation = ? AND tenant = ? AND server = ? AND deleted = ?`;
  const values = [row.resourceId, row.generation, row.tenant, row.server, row.kind.endsWith('.delete')];
  return (await sql.rows(Found, text, values)).length > 0;
}

/**
 * The kind is in the table, its resource is of the table's type and was asked for so, and the key is the one this
 * resource waits under.
 */
async function isPossible(sql: Sql, row: ClaimableOperation): Promise<boolean> {
  const kind = OperationKind.safeParse(row.kind);
  if (!kind.success || !Generation.safeParse(row.generation).success) return false;
  if (!TenantId.safeParse(row.tenant).success) return false;
  const type: ResourceType = OPERATION_RESOURCES[kind.data];
  if (row.resourceType !== type || !(await isAskedFor(sql, type, row))) return false;
  if (!(await isNext(sql, type, row))) return false;
  return row.serialKey === (await serialKeyOf(sql, type, row));
}
