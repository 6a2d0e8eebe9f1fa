import type { OperationId } from '../contract/ids.ts';
import type { Operation, OperationKind } from '../contract/operations.ts';
import type { Sql } from '../state/connection.ts';
import type { WriteContext } from './write-context.ts';
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

/** All that it takes to write it, in the transaction that it is given: whether it may be, its rows, whether there is room. */
export type WriteAll = (
  sql: Sql,
  purpose: { readonly context: WriteContext; readonly action: OperationKind | 'operation.cancel' },
  work: (sql: Sql) => Promise<Written>,
) => Promise<Written>;
