import { z } from 'zod';
import { FailureCode } from '../contract/failures.ts';
import { Generation, OperationId, ServerId, TenantId } from '../contract/ids.ts';
import {
  OPERATION_RESOURCES,
  OperationKind,
  OperationStatus,
  OperationStep,
  ResourceType,
} from '../contract/operations.ts';
import type { Operation } from '../contract/operations.ts';
import { isDuplicate } from './connection.ts';
import type { Sql, SqlValue } from './connection.ts';
import { CLAIMABLE_ID } from './open-operations.ts';
import { newId } from './new-ids.ts';
import { bit, instant } from './row-values.ts';

/** An operation with what only the list and the cancelling need to know. */
export interface OperationRecord {
  readonly operation: Operation;
  /** Its place among all operations; newer ones have greater ones. */
  readonly seq: number;
}

const Row = z.object({
  seq: z.number(),
  id: OperationId,
  kind: OperationKind,
  resourceType: ResourceType,
  resourceId: z.string(),
  resourceName: z.string(),
  generation: Generation,
  tenant: TenantId,
  server: ServerId,
  status: OperationStatus,
  epoch: z.number(),
  attempt: z.number(),
  createdAt: instant,
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  errorCode: FailureCode.nullable(),
  errorMessage: z.string().nullable(),
  errorHint: z.string().nullable(),
});

const COLUMNS = `seq, id, kind, resource_type AS resourceType, resource_id AS resourceId,
  resource_name AS resourceName, generation, tenant, server, status, epoch, attempt, created_at AS createdAt,
  started_at AS startedAt, ended_at AS endedAt, error_code AS errorCode, error_message AS errorMessage,
  error_hint AS errorHint`;

export async function findOperation(
  sql: Sql,
  tenant: TenantId,
  id: OperationId,
): Promise<OperationRecord | undefined> {
  const text = `SELECT ${COLUMNS} FROM operation WHERE id = ? AND tenant = ?`;
  return (await withSteps(sql, await sql.rows(Row, text, [id, tenant])))[0];
}

export interface OperationFilter {
  readonly resource?: string | undefined;
  readonly status?: OperationStatus | undefined;
  /** The `seq` that the page begins after, counting down. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** The newest first; without rows under an id that is none, which were written past the API. */
export async function listOperations(
  sql: Sql,
  tenant: TenantId,
  { resource, status, before, limit }: OperationFilter,
): Promise<OperationRecord[]> {
  const conditions: [text: string, value: SqlValue | undefined][] = [
    ['tenant = ?', tenant],
    ['resource_id = ?', resource],
    ['status = ?', status],
    ['seq < ?', before],
  ];
  const given = conditions.filter((condition): condition is [string, SqlValue] => condition[1] !== undefined);
  const text = `SELECT ${COLUMNS} FROM operation WHERE ${given.map(([clause]) => clause).join(' AND ')}
    AND ${CLAIMABLE_ID} ORDER BY seq DESC LIMIT ?`;
  return withSteps(sql, await sql.rows(Row, text, [...given.map(([, value]) => value), limit]));
}

export interface NewOperation {
  readonly kind: OperationKind;
  readonly resource: { readonly id: string; readonly name: string };
  /** Operations of one key run one at a time, in the order of their insertion: hold that key's lock. */
  readonly serialKey: string;
  readonly generation: Generation;
  readonly tenant: TenantId;
  readonly server: ServerId;
  readonly actor: string;
}

export async function insertOperation(sql: Sql, wanted: NewOperation): Promise<OperationId> {
  const id = OperationId.parse(newId(20));
  await sql.run(
    `INSERT INTO operation (id, kind, resource_type, resource_id, resource_name, serial_key, generation, tenant,
       server, actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ...[id, wanted.kind, OPERATION_RESOURCES[wanted.kind], wanted.resource.id, wanted.resource.name],
      ...[wanted.serialKey, wanted.generation, wanted.tenant, wanted.server, wanted.actor],
    ],
  );
  return id;
}

/** The same, and how it stands now. */
export async function writeOperation(sql: Sql, wanted: NewOperation): Promise<Operation> {
  const record = await findOperation(sql, wanted.tenant, await insertOperation(sql, wanted));
  if (record === undefined) throw new Error('an operation that was just written is not there');
  return record.operation;
}

/** Repeating the wish changes nothing. */
export async function insertCancellation(sql: Sql, id: OperationId, actor: string): Promise<void> {
  try {
    await sql.run('INSERT INTO cancellation (operation_id, actor) VALUES (?, ?)', [id, actor]);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}

const StepRow = OperationStep.extend({
  operationId: z.string(),
  epoch: z.number(),
  changed: bit,
});

/** Each with the steps of its latest attempt. */
async function withSteps(sql: Sql, rows: readonly z.infer<typeof Row>[]): Promise<OperationRecord[]> {
  const begun = rows.filter((row) => row.epoch > 0).map((row) => row.id);
  if (begun.length === 0) return rows.map((row) => toRecord(row, []));
  const steps = await sql.rows(
    StepRow,
    `SELECT operation_id AS operationId, epoch, name, status, changed, duration_ms AS durationMs
       FROM operation_step WHERE operation_id IN (${begun.map(() => '?').join(', ')}) ORDER BY position`,
    begun,
  );
  return rows.map((row) => {
    const own = steps.filter((step) => step.operationId === row.id && step.epoch === row.epoch);
    return toRecord(
      row,
      own.map(({ name, status, changed, durationMs }) => ({ name, status, changed, durationMs })),
    );
  });
}

function toRecord(row: z.infer<typeof Row>, steps: OperationStep[]): OperationRecord {
  const { seq, id, kind, status, generation, tenant, server, attempt, createdAt, startedAt, endedAt } = row;
  const { errorCode: code, errorMessage: message, errorHint: hint } = row;
  return {
    seq,
    operation: {
      ...{ id, kind, status, generation, tenant, server, steps, attempt, createdAt, startedAt, endedAt },
      resource: { type: row.resourceType, id: row.resourceId, name: row.resourceName },
      error: code === null ? null : { code, message: message ?? '', hint: hint ?? '' },
    },
  };
}
