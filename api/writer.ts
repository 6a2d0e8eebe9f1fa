import type { Operation, OperationKind } from '../contract/operations.ts';
import type { WakeUps } from '../runtime/wake-ups.ts';
import type { Sql, State } from '../state/connection.ts';
import type { WriteContext } from './write-context.ts';
import { writeOnce } from './write-once.ts';
import type { OnceAnswer, Outcome } from './write-once.ts';

/** A write that begins an operation. */
export interface Written extends Pick<Outcome, 'body' | 'once'> {
  readonly operation: Operation;
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
}

export function createWriter({ state, wakeUps }: WriterParts): Write {
  return async (context, action, work) => {
    let begun: Operation | undefined;
    const answer = await writeOnce(state, { context, action }, async (sql) => {
      const { operation, ...written } = await work(sql);
      begun = operation;
      return { ...written, operationId: operation.id, resource: operation.resource.id };
    });
    const { operationId } = answer;
    if (operationId === null) throw new Error('the key of this write stands for one without an operation');
    // The rows are there: whatever becomes of the wake-up, the worker's sweep finds them.
    if (!answer.replayed && begun !== undefined) await wakeUps.wake(begun.id);
    return { ...answer, operationId };
  };
}
