import { MOST_CHANGES, PlannableKind } from '../contract/changes.ts';
import type { WantedPlan } from '../contract/changes.ts';
import { ChangeId } from '../contract/ids.ts';
import type { Operation } from '../contract/operations.ts';
import type { WakeUps } from '../runtime/wake-ups.ts';
import type { Sql, State } from '../state/connection.ts';
import { newId } from '../state/new-ids.ts';
import { findOperation } from '../state/open-operations.ts';
import { writeOperation } from '../state/operations.ts';
import { insertPlannedChange } from '../state/planned-changes.ts';
import { readWouldBe } from '../state/would-be.ts';
import { noPlan } from './problems.ts';
import type { RequireRoomInQueue } from './queue-room.ts';
import type { WriteContext } from './write-context.ts';
import { writeOnce } from './write-once.ts';
import type { Write, WriteAll, Written } from './writing.ts';

export interface PlannerParts {
  readonly state: State;
  readonly wakeUps: Pick<WakeUps, 'wake'>;
  readonly requireRoomInQueue: RequireRoomInQueue;
  readonly writeAll: WriteAll;
}

/**
 * Writes what would be written, reads it, and undoes all of it: so a plan is refused as the request itself would be.
 * What is left is kept beside an operation of its own, by which the worker tells what it would change. The key under which
 * a request is known again is left to that which does it.
 */
export function createPlanner({ state, wakeUps, requireRoomInQueue, writeAll }: PlannerParts): Write {
  return async (asked, action, work) => {
    if (!PlannableKind.safeParse(action).success) throw noPlan(action);
    const would = await undone(state, async (sql) =>
      readAll(sql, await writeAll(sql, { context: asked, action }, work)),
    );
    const context: WriteContext = { ...asked, key: undefined, plan: false };
    const answer = await writeOnce(state, { context, action: 'change.plan' }, async (sql) => {
      await requireRoomInQueue(sql, would.operation.tenant);
      const operation = await put(sql, context, would);
      // For the audit: what it is a plan of.
      return { operationId: operation.id, resource: would.operation.resource.id, body: { operation } };
    });
    const operationId = String(answer.operationId);
    await wakeUps.wake(operationId as Operation['id']);
    return { ...answer, operationId };
  };
}

interface Would {
  readonly operation: Operation;
  readonly serialKey: string;
  readonly wanted: WantedPlan;
}

async function readAll(sql: Sql, { operation, others = [] }: Written): Promise<Would> {
  const ids = [operation.id, ...others];
  const serialKey = (await findOperation(sql, operation.id))?.serialKey ?? '';
  const changes: WantedPlan['changes'] = [];
  for (const id of ids.slice(0, MOST_CHANGES)) changes.push(await readWouldBe(sql, id));
  return { operation, serialKey, wanted: { changes, left: ids.length - changes.length } };
}

async function put(sql: Sql, { caller }: WriteContext, would: Would): Promise<Operation> {
  const { operation, serialKey, wanted } = would;
  const { tenant, server, resource } = operation;
  const id = ChangeId.parse(newId(12));
  await insertPlannedChange(sql, { id, tenant, server, serialKey, wanted });
  return writeOperation(sql, {
    ...{
      kind: 'change.plan',
      resource: { id, name: resource.name },
      serialKey,
      generation: 1,
      tenant,
      server,
    },
    actor: caller.tokenId,
  });
}

/** What it reads is all that is left of what it does. */
async function undone<T>(state: State, work: (sql: Sql) => Promise<T>): Promise<T> {
  let read: { readonly value: T } | undefined;
  try {
    await state.transaction(async (sql) => {
      read = undefined;
      read = { value: await work(sql) };
      throw new UndoneError();
    });
  } catch (error) {
    if (!(error instanceof UndoneError)) throw error;
  }
  if (read === undefined) throw new Error('a plan was neither undone nor refused');
  return read.value;
}

/** Thrown to have a transaction undone; it is not begun anew. */
class UndoneError extends Error {
  constructor() {
    super('undone');
    this.name = 'UndoneError';
  }
}
