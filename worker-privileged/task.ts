import { performance } from 'node:perf_hooks';
import type { z } from 'zod';
import { FailureError } from '../contract/failures.ts';
import type { OperationStep } from '../contract/operations.ts';
import type { ClaimedOperation } from '../state/open-operations.ts';
import type { CallContext } from './executor-calls.ts';
import type { Standing } from '../state/resource-states.ts';

/** What a handler is given to do: the operation as claimed, and where to say how it goes. */
export interface Task {
  readonly operation: ClaimedOperation;
  readonly step: (step: OperationStep) => void;
  /** Throws when somebody else has claimed the operation; asked before anything is changed. */
  readonly stillMine: () => void;
}

export interface Handler {
  /** Brings about what was asked for, looks that it is so, and says what stands. Can be run again at any point. */
  readonly apply: (task: Task) => Promise<Standing | 'as-before'>;
  /**
   * Takes away what the `apply` of something new, or out of the trash, has left that failed, and says what stands; none
   * where nothing would be left.
   */
  readonly discard?: (task: Task) => Promise<Standing>;
}

/** As what an operation calls the executor: its steps are the operation's. */
export function contextOf({ operation, step }: Task): CallContext {
  return { operation: operation.id, epoch: operation.epoch, step };
}

const MAX_STEP_NAME = 100;

/** Does one step and says how it went; `work` answers whether anything was changed. */
export async function doStep(task: Task, name: string, work: () => Promise<boolean>): Promise<void> {
  task.stillMine();
  const begun = performance.now();
  const tell = (status: 'succeeded' | 'failed', changed: boolean): void =>
    task.step({
      name: name.slice(0, MAX_STEP_NAME),
      status,
      changed,
      durationMs: Math.round((performance.now() - begun) * 10) / 10,
    });
  try {
    tell('succeeded', await work());
  } catch (error) {
    tell('failed', false);
    throw error;
  }
}

/** What the API wrote is read by the contract's schemas again: it may have been taken since. */
export function parsed<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const result = schema.safeParse(value);
  if (!result.success) throw refused(result.error.issues[0]?.path.join('.') ?? '');
  return result.data;
}

export function refused(what: string): FailureError {
  return new FailureError(
    'invalid_request',
    what === ''
      ? 'What was asked for cannot be carried out.'
      : `What was asked for cannot be carried out: ${what}.`,
    'Nothing was changed. The API would not have let this pass; look at who may write to its database.',
  );
}
