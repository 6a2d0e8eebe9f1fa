import { failpoint } from '../contract/failpoint.ts';
import type { OperationId } from '../contract/ids.ts';
import type { WakeUps } from '../runtime/wake-ups.ts';
import type { State } from '../state/connection.ts';
import type { RequireRoomInQueue } from './queue-room.ts';
import type { Admit } from './tenants/admission.ts';
import { createPlanner } from './planner.ts';
import { writeOnce } from './write-once.ts';
import type { Write, WriteAll } from './writing.ts';

export type { Write, WriteAnswer, Written } from './writing.ts';

export interface WriterParts {
  readonly state: State;
  readonly wakeUps: Pick<WakeUps, 'wake'>;
  /** Whether the tenant may write at all now, and has room for it. */
  readonly admit: Admit;
  /** Whether another operation of that tenant may wait. */
  readonly requireRoomInQueue: RequireRoomInQueue;
}

export function createWriter(parts: WriterParts): Write {
  const { state, wakeUps, admit, requireRoomInQueue } = parts;
  const writeAll: WriteAll = async (sql, { context, action }, work) => {
    if (waits(action)) await requireRoomInQueue(sql, context.caller.tenant);
    // A tenant is written by administrators alone, under a lock of its own.
    const stillFits = isOfTenant(action) ? undefined : await admit(sql, context.caller, action);
    const written = await work(sql);
    await stillFits?.();
    return written;
  };
  const plan = createPlanner({ state, wakeUps, requireRoomInQueue, writeAll });
  return async (context, action, work) => {
    if (context.plan) return plan(context, action, work);
    let begun: readonly OperationId[] = [];
    const answer = await writeOnce(state, { context, action }, async (sql) => {
      const { operation, others = [], ...written } = await writeAll(sql, { context, action }, work);
      begun = [operation.id, ...others];
      return { ...written, operationId: operation.id, resource: operation.resource.id };
    });
    const { operationId } = answer;
    if (operationId === null) throw new Error('the key of this write stands for one without an operation');
    // The rows are there: whatever becomes of the wake-up, the worker's sweep finds them.
    if (answer.replayed) return { ...answer, operationId };
    for (const id of begun) await wakeUps.wake(id);
    failpoint('request: worker is woken', action);
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
