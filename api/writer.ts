import type { Operation, OperationKind } from '../contract/operations.ts';
import type { WakeUps } from '../runtime/wake-ups.ts';
import { insertAudit } from '../state/audit.ts';
import type { Sql, State } from '../state/connection.ts';
import { findAnswer, insertAnswer } from '../state/idempotency.ts';
import { ProblemError } from './problems.ts';
import type { WriteContext } from './write-context.ts';

/** What a write has brought about. `body` is shown and kept; `once` is shown and not kept. */
export interface Written {
  readonly operation: Operation;
  readonly body: Readonly<Record<string, unknown>>;
  readonly once?: {
    readonly shown: Readonly<Record<string, unknown>>;
    readonly kept: Readonly<Record<string, unknown>>;
  };
}

/** The answer to a write. `replayed`: it is that of an earlier request with the same key, and nothing was done. */
export interface WriteAnswer {
  readonly operationId: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly replayed: boolean;
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
    const earlier = await replay(state, context);
    if (earlier !== undefined) return earlier;
    try {
      const written = await state.transaction(async (sql) =>
        record(sql, { context, action }, await work(sql)),
      );
      // The rows are there: whatever becomes of the wake-up, the worker's sweep finds them.
      await wakeUps.wake(written.operation.id);
      return answer(written);
    } catch (error) {
      // Two at once with one key: the other was first, and its answer is ours, whatever stopped us.
      const theirs = await replay(state, context);
      if (theirs !== undefined) return theirs;
      throw error;
    }
  };
}

interface Recorded {
  readonly context: WriteContext;
  readonly action: string;
}

async function record(sql: Sql, { context, action }: Recorded, written: Written): Promise<Written> {
  const { caller, key } = context;
  const { operation } = written;
  const resource = operation.resource.id;
  await insertAudit(sql, {
    actor: caller.tokenId,
    address: caller.address,
    action,
    resource,
    outcome: 'accepted',
  });
  const body = { ...written.body, ...written.once?.kept };
  if (key !== undefined) await insertAnswer(sql, key, { operationId: operation.id, body });
  return written;
}

function answer({ operation, body, once }: Written): WriteAnswer {
  return { operationId: operation.id, body: { ...body, ...once?.shown }, replayed: false };
}

async function replay(state: State, { key }: WriteContext): Promise<WriteAnswer | undefined> {
  const earlier = key === undefined ? undefined : await findAnswer(state, key);
  if (earlier === undefined) return undefined;
  if (!earlier.same)
    throw new ProblemError('idempotency-mismatch', 'Send another request with a key of its own.');
  return { ...earlier.answered, replayed: true };
}
