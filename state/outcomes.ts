import { failpoint } from '../contract/failpoint.ts';
import type { Failure } from '../contract/failures.ts';
import type { Generation, OperationId, ServerId } from '../contract/ids.ts';
import { OPERATION_RESOURCES, OperationKind } from '../contract/operations.ts';
import type { OperationStep, ResourceType } from '../contract/operations.ts';
import { insertWorkersAudit } from './audit.ts';
import type { Sql, State } from './connection.ts';
import { freeAllNames, freeTrashedDatabaseNames, freeUnusedDomainNames } from './held-names.ts';
import { freeUnusedPublicPorts } from './public-ports.ts';
import { handOver } from './moves.ts';
import { insertNotification } from './notifications.ts';
import { CLAIMABLE_ID, lockOpenOperations } from './open-operations.ts';
import type { ClaimedOperation } from './open-operations.ts';
import { STILL_HELD } from './tickets.ts';
import type { Ticket } from './tickets.ts';
import { confirmResourceState, markChildrenDeleted, putResourceState } from './resource-states.ts';
import type { Standing } from './resource-states.ts';
import { whatToTell } from './telling.ts';

/** False when the ticket is void; nothing was written then. `position` counts from 1 within a claim. */
export async function recordStep(
  sql: Sql,
  ticket: Ticket,
  { position, step }: { readonly position: number; readonly step: OperationStep },
): Promise<boolean> {
  const written = await sql.run(
    `INSERT INTO operation_step (operation_id, epoch, position, name, status, changed, duration_ms)
     SELECT id, epoch, ?, ?, ?, ?, ? FROM operation WHERE ${STILL_HELD}`,
    [position, step.name, step.status, step.changed, step.durationMs, ticket.id, ticket.epoch],
  );
  return written === 1;
}

/** What is written at an end; `resource` is what stands afterwards, `as-before` where nothing was touched. */
export type Ending =
  | { readonly status: 'succeeded'; readonly resource: Standing | 'as-before' }
  | { readonly status: 'failed'; readonly resource: Standing | 'as-before'; readonly failure: Failure };

/**
 * Ends an operation once: its row, what stands, the names that are free again, what is told of it unasked, and where
 * the request should never have been made a line for the audit. False when the ticket is void; nothing was written then.
 */
export async function endOperation(
  state: State,
  operation: ClaimedOperation,
  ending: Ending,
): Promise<boolean> {
  return state.transaction(async (sql) => {
    const open = await lockOpenOperations(sql, operation);
    const news = ending.status === 'succeeded' ? await whatToTell(sql, operation) : [];
    if (!(await writeEnd(sql, operation, ending))) return false;
    for (const each of news) await insertNotification(sql, { ...each, operation });
    const goesOn = open.some(
      (other) => other.resourceId === operation.resourceId && other.id !== operation.id,
    );
    // A first attempt that failed and left nothing is not the resource's end while a newer one waits.
    const settled = !(ending.status === 'failed' && ending.resource === 'deleted' && goesOn);
    if (settled) await settle(sql, operation, ending.resource);
    if (ending.status === 'succeeded') await handOver(sql, operation);
    const code = ending.status === 'failed' ? ending.failure.code : undefined;
    await auditEnd(sql, operation, code === undefined ? ending.status : `failed:${code}`);
    if (code === 'invalid_request') await auditRefusal(sql, operation);
    failpoint('end: to be committed', operation.id);
    return true;
  });
}

async function writeEnd(sql: Sql, ticket: Ticket, ending: Ending): Promise<boolean> {
  const failure = ending.status === 'failed' ? ending.failure : undefined;
  const written = await sql.run(
    `UPDATE operation SET status = ?, ended_at = UTC_TIMESTAMP(3), error_code = ?, error_message = ?,
       error_hint = ? WHERE ${STILL_HELD}`,
    [
      ending.status,
      failure?.code ?? null,
      failure?.message ?? null,
      failure?.hint ?? null,
      ticket.id,
      ticket.epoch,
    ],
  );
  return written === 1;
}

interface Settled {
  readonly resourceType: ResourceType;
  readonly resourceId: string;
  readonly generation: Generation;
}

async function settle(
  sql: Sql,
  { resourceType, resourceId, generation }: Settled,
  standing: Standing | 'as-before',
): Promise<void> {
  if (standing === 'as-before') await confirmResourceState(sql, resourceId, generation);
  else await putResourceState(sql, resourceId, { standing, generation });
  if (standing === 'deleted') {
    await markChildrenDeleted(sql, resourceType, resourceId);
    await freeAllNames(sql, resourceType, resourceId);
  } else await freeUnusedNames(sql, resourceType, resourceId);
}

async function freeUnusedNames(sql: Sql, type: ResourceType, id: string): Promise<void> {
  if (type === 'domain') await freeUnusedDomainNames(sql, id);
  if (type === 'database') await freeTrashedDatabaseNames(sql, id);
  if (type === 'queue') await freeUnusedPublicPorts(sql, id);
}

interface Unstarted {
  readonly id: OperationId;
  readonly kind: string;
  readonly resourceId: string;
  readonly generation: Generation;
}

const REFUSED = {
  code: 'invalid_request',
  message: 'This operation does not fit its resource and was not begun.',
  hint: 'Nothing was changed. An operation like this is not made by the API; look at who may write to its database.',
} as const satisfies Failure;

/** Ends one that is queued and locked, inside its claim. `gone`: its resource never came about and will not. */
export async function endUnstarted(
  sql: Sql,
  row: Unstarted,
  { status, gone }: { readonly status: 'cancelled' | 'superseded' | 'failed'; readonly gone: boolean },
): Promise<void> {
  const failure = status === 'failed' ? REFUSED : undefined;
  await sql.run(
    `UPDATE operation SET status = ?, ended_at = UTC_TIMESTAMP(3), error_code = ?, error_message = ?,
       error_hint = ? WHERE id = ? AND status = 'queued'`,
    [status, failure?.code ?? null, failure?.message ?? null, failure?.hint ?? null, row.id],
  );
  await auditEnd(sql, row, failure === undefined ? status : `failed:${failure.code}`);
  if (status === 'failed') {
    await auditRefusal(sql, row);
    return;
  }
  const resourceType: ResourceType = OPERATION_RESOURCES[OperationKind.parse(row.kind)];
  if (gone) await settle(sql, { ...row, resourceType }, 'deleted');
  else await freeUnusedNames(sql, resourceType, row.resourceId);
}

/**
 * Ends what waits under an id that no wake-up can carry, and that nobody can claim therefore: a tenant's other operations
 * would wait for it for ever. The API writes no such row; who has its account does. Returns how many there were.
 */
export async function endUnclaimable(state: State, server: ServerId): Promise<number> {
  return state.transaction(async (sql) => {
    const count = await sql.run(
      `UPDATE operation SET status = 'failed', ended_at = UTC_TIMESTAMP(3), error_code = ?, error_message = ?,
         error_hint = ? WHERE server = ? AND status = 'queued' AND NOT (${CLAIMABLE_ID})`,
      [REFUSED.code, REFUSED.message, REFUSED.hint, server],
    );
    if (count > 0) await auditRefusal(sql, { id: 'of no id', resourceId: `${count} rows` });
    return count;
  });
}

interface Told {
  readonly id: string;
  readonly kind: string;
  readonly resourceId: string;
}

async function auditEnd(sql: Sql, { id, kind, resourceId }: Told, outcome: string): Promise<void> {
  const about = { action: kind, resource: resourceId, outcome, detail: `operation ${id}` };
  await insertWorkersAudit(sql, { actor: 'worker-privileged', address: 'local', ...about });
}

async function auditRefusal(
  sql: Sql,
  { id, resourceId }: { readonly id: string; readonly resourceId: string },
): Promise<void> {
  const about = { action: `operation ${id}`, resource: resourceId, outcome: 'refused' };
  await insertWorkersAudit(sql, { actor: 'worker-privileged', address: 'local', ...about });
}
