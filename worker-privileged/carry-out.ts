import { setTimeout as pause } from 'node:timers/promises';
import { failpoint } from '../contract/failpoint.ts';
import { FailureError } from '../contract/failures.ts';
import type { Failure } from '../contract/failures.ts';
import { bringsAboutNothing, endsWithoutRoom } from '../contract/operations.ts';
import type { Logger } from '../runtime/logger.ts';
import { MAX_ATTEMPTS } from '../state/claims.ts';
import type { ClaimedOperation } from '../state/open-operations.ts';
import type { Ending } from '../state/outcomes.ts';
import type { Standing } from '../state/resource-states.ts';
import { failureOf, mayPass } from './may-pass.ts';
import type { Handlers } from './operations.ts';
import { SupplantedError } from './steps.ts';
import type { Steps } from './steps.ts';
import type { Handler, Task } from './task.ts';

/**
 * How it went. `retry`: what it needs was away, and it may have done half its work. `held-back`: there is no room
 * for it in this hour; nothing was changed. A repair is not, nor a ban: what is asked for next would wait behind it.
 */
export type Result = Ending | PutOff;

export interface PutOff {
  readonly status: 'retry' | 'held-back';
  readonly failure: Failure;
}

/** One that broke off over its last attempt has one more turn, to be taken away. */
const LAST_DISCARD = MAX_ATTEMPTS + 1;
/** An executor that was killed is back within a second, MariaDB within some; a worker that is to end has half a minute. */
const LAST_PAUSES_MS = [1000, 3000, 8000] as const;

export interface CarryOutParts {
  readonly handlers: Handlers;
  readonly logger: Logger;
}

/** Does what a claimed operation asks for, as far as that can be done. */
export async function carryOut(parts: CarryOutParts, task: Task, steps: Steps): Promise<Result> {
  const { handlers, logger } = parts;
  const { operation } = task;
  const unfit = whyUnfit(operation);
  if (unfit !== undefined) return unfit;
  try {
    if (operation.attempt > MAX_ATTEMPTS) throw givenUp();
    const resource = await handlers[operation.kind].apply(task);
    await steps.settled();
    failpoint('carried out');
    return { status: 'succeeded', resource };
  } catch (error) {
    if (error instanceof SupplantedError) throw error;
    const failure = failureOf(error);
    if (failure.code === 'internal')
      logger.error({ err: error, operationId: operation.id }, 'unforeseen error');
    if (failure.code === 'limit_reached' && !endsWithoutRoom(operation.kind))
      return { status: 'held-back', failure };
    if (mayPass(error) && operation.attempt < MAX_ATTEMPTS) return { status: 'retry', failure };
    if (bringsAboutNothing(operation.kind)) return { status: 'failed', resource: 'as-before', failure };
    // Whoever has lost the operation to another would take away what that one makes; where MariaDB is away, the rest says so.
    await steps.settled().catch(unlessSupplanted);
    const left = await discarded(handlers[operation.kind], { task, steps, logger });
    return left === 'retry' ? { status: 'retry', failure } : { status: 'failed', resource: left, failure };
  }
}

/** What was purged is gone, what lies in the trash can only be restored, and nothing else can be. */
function whyUnfit(operation: ClaimedOperation): Result | undefined {
  const { before, kind } = operation;
  if (before === 'deleted' && !kind.endsWith('.delete'))
    return { status: 'failed', resource: 'deleted', failure: deleted().failure };
  if (before === 'trashed' && !isRestore(operation))
    return { status: 'failed', resource: 'as-before', failure: inTrash().failure };
  if (before !== 'trashed' && isRestore(operation))
    return { status: 'failed', resource: 'as-before', failure: notInTrash().failure };
  return undefined;
}

function isRestore({ kind }: ClaimedOperation): boolean {
  return kind.endsWith('.restore');
}

/**
 * What is left of a resource that never came about, or did not come back: that one lies in the trash as before. `retry`
 * where whoever was to take it away was away themselves.
 */
async function discarded(
  handler: Handler,
  { task, steps, logger }: { readonly task: Task; readonly steps: Steps; readonly logger: Logger },
): Promise<Standing | 'as-before' | 'retry'> {
  const { operation } = task;
  const { discard } = handler;
  const stood = operation.before !== null && !isRestore(operation);
  if (discard === undefined || stood || operation.attempt > LAST_DISCARD)
    return isRestore(operation) ? 'as-before' : 'failed';
  try {
    failpoint('to be discarded');
    const left = await untilThere(discard, { task, steps });
    failpoint('discarded');
    return isRestore(operation) && left === 'deleted' ? 'as-before' : left;
  } catch (error) {
    if (error instanceof SupplantedError) throw error;
    if (mayPass(error) && operation.attempt < MAX_ATTEMPTS) return 'retry';
    logger.error(
      { err: error, operationId: operation.id },
      'what a failed operation left could not be removed',
    );
    // What was to come out of the trash can be asked for again, and is purged in its time.
    return isRestore(operation) ? 'as-before' : 'failed';
  }
}

/** After the last attempt there is no next: whoever is to take it away, and is away, is waited for a while. */
async function untilThere<T>(
  discard: (task: Task) => Promise<T>,
  { task, steps }: { readonly task: Task; readonly steps: Steps },
): Promise<T> {
  const once = async () => {
    steps.again();
    task.stillMine();
    const left = await discard(task);
    await steps.settled();
    return left;
  };
  const pauses = task.operation.attempt < MAX_ATTEMPTS ? [] : LAST_PAUSES_MS;
  for (const ms of pauses) {
    try {
      return await once();
    } catch (error) {
      if (error instanceof SupplantedError || !mayPass(error)) throw error;
    }
    await pause(ms);
  }
  return once();
}

function unlessSupplanted(error: unknown): void {
  if (error instanceof SupplantedError) throw error;
}

function givenUp(): FailureError {
  return new FailureError(
    'internal',
    'The worker broke off each time it did this.',
    "The server's administrator finds the cause in the worker's log; then ask again.",
  );
}

function deleted(): FailureError {
  return new FailureError('not_found', 'This resource has been deleted.', 'Create a new one.');
}

function inTrash(): FailureError {
  return new FailureError('not_found', 'This resource is in the trash.', 'Restore it first.');
}

function notInTrash(): FailureError {
  return new FailureError(
    'invalid_request',
    'This resource is not in the trash.',
    'Nothing was changed, and nothing has to be brought back.',
  );
}
