import type { OperationId } from '../contract/ids.ts';
import type { Operation, OperationKind } from '../contract/operations.ts';
import type { WakeUps } from '../runtime/wake-ups.ts';
import type { Sql, State } from '../state/connection.ts';
import type { RequireRoomInQueue } from './queue-room.ts';
import type { WriteContext } from './write-context.ts';
import type { Admit } from './tenants/admission.ts';
import { writeOnce } from './write-once.ts';
import type { OnceAnswer, Outcome } from './write-once.ts';

/** A write that begins an operation. */
export interface Written extends Pick<Outcome, 'body' | 'once'> {
  readonly operation: Operation;
  /** What was begun beside it. */
  readonly others?: readonly OperationId[];
}

export interface WriteAnswer extends OnceAnswer {
  readonly operationId: string;
}

/** Does a write once: all of its rows in one transaction, then the wake-up. */
export type Write = (
  context: WriteContext,
  action: OperationKind | 'operation.cancel',
  work: (sql: Sql) => Promise<Written>,
) => Promise<WriteAnswer>;

export interface WriterParts {
  readonly state: State;
  readonly wakeUps: Pick<WakeUps, 'wake'>;
  /** Whether the tenant may write at all now, and has room for it. */
  readonly admit: Admit;
  /** Whether another operation of that tenant may wait. */
  readonly requireRoomInQueue: RequireRoomInQueue;
}

export function createWriter({ state, wakeUps, admit, requireRoomInQueue }: WriterParts): Write {
  return async (context, action, work) => {
    let begun: readonly OperationId[] = [];
    const answer = await writeOnce(state, { context, action }, async (sql) => {
      if (waits(action)) await requireRoomInQueue(sql, context.caller.tenant);
      // A tenant is written by administrators alone, under a lock of its own.
      const stillFits = isOfTenant(action) ? undefined : await admit(sql, context.caller, action);
      const { operation, others = [], ...written } = await work(sql);
      await stillFits?.();
      begun = [operation.id, ...others];
      return { ...written, operationId: operation.id, resource: operation.resource.id };
    });
    const { operationId } = answer;
    if (operationId === null) throw new Error('the key of this write stands for one without an operation');
    // The rows are there: whatever becomes of the wake-up, the worker's sweep finds them.
    if (!answer.replayed) for (const id of begun) await wakeUps.wake(id);
    return { ...answer, operationId };
  };
}

/** Who fills the queue can be suspended, and what waits in it be cancelled, however full it is. */
function waits(action: string): boolean {
  return !isOfTenant(action) && action !== 'operation.cancel';
}

function isOfTenant(action: string): boolean {
  return action.startsWith('tenant.');
}
