import { FailureError, toFailure } from '../contract/failures.ts';
import type { Failure } from '../contract/failures.ts';
import type { OperationId, ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { WakeUps } from '../runtime/wake-ups.ts';
import { claimOperation, MAX_ATTEMPTS } from '../state/claims.ts';
import { isUnavailable } from '../state/connection.ts';
import type { State } from '../state/connection.ts';
import { nextQueued } from '../state/open-operations.ts';
import type { ClaimedOperation, Place } from '../state/open-operations.ts';
import { endOperation } from '../state/outcomes.ts';
import type { Ending } from '../state/outcomes.ts';
import { putBack } from '../state/tickets.ts';
import type { Handlers } from './operations.ts';
import type { Publish } from './progress.ts';
import type { Pauses } from './pauses.ts';
import { createSteps, SupplantedError } from './steps.ts';
import type { Steps } from './steps.ts';
import type { Handler, Task } from './task.ts';

export interface RunOperationParts {
  readonly server: ServerId;
  readonly state: State;
  readonly handlers: Handlers;
  readonly wakeUps: Pick<WakeUps, 'wake'>;
  readonly publish: Publish;
  readonly pauses: Pauses;
  readonly logger: Logger;
}

export interface RunOperation {
  /** From the claim to the end, if it is the operation's turn. Never throws: what is left open the sweep finds. */
  readonly run: (id: OperationId) => Promise<void>;
  /** Whether this process is at it. */
  readonly isRunning: (id: string) => boolean;
}

type Result = Ending | { readonly status: 'retry'; readonly failure: Failure };

export function createRunOperation(parts: RunOperationParts): RunOperation {
  const running = new Set<string>();
  return {
    run: async (id) => {
      // A wake-up that was on its way already does not shorten the pause; another comes when it is over.
      if (running.has(id) || !parts.pauses.isOver(id)) return;
      running.add(id);
      try {
        await runOnce(parts, id);
      } catch (error) {
        if (error instanceof SupplantedError) parts.logger.warn({ operationId: id }, 'claimed by another');
        else parts.logger.warn({ err: error, operationId: id }, 'left open, the sweep takes it up again');
      } finally {
        running.delete(id);
      }
    },
    isRunning: (id) => running.has(id),
  };
}

async function runOnce(parts: RunOperationParts, id: OperationId): Promise<void> {
  const { state, server, logger, publish } = parts;
  const claim = await claimOperation(state, server, id);
  if (claim.result === 'left') {
    const level = claim.why === 'unknown' || claim.why === 'foreign' ? 'warn' : 'debug';
    logger[level]({ operationId: id, why: claim.why }, 'wake-up without work');
    return;
  }
  if (claim.result === 'ended') {
    logger.info({ operationId: id, status: claim.status }, 'operation ended unstarted');
    publish(id);
    await wakeNext(parts, claim.place);
    return;
  }
  const { operation } = claim;
  publish(id);
  const steps = createSteps(state, operation, publish);
  const task: Task = { operation, step: steps.step, stillMine: steps.check };
  const begun = performance.now();
  const result = await carryOut(parts, task, steps);
  await writeResult(parts, operation, result);
  const facts = {
    operationId: id,
    kind: operation.kind,
    resource: operation.resourceId,
    status: result.status,
    attempt: operation.attempt,
    durationMs: Math.round(performance.now() - begun),
    changed: steps.changed(),
    ...('failure' in result ? { code: result.failure.code } : {}),
  };
  if (result.status === 'retry') logger.warn(facts, 'operation put back');
  else logger.info(facts, 'operation finished');
}

async function carryOut({ handlers, logger }: RunOperationParts, task: Task, steps: Steps): Promise<Result> {
  const { operation } = task;
  const deletes = operation.kind.endsWith('.delete');
  try {
    if (operation.attempt > MAX_ATTEMPTS) throw givenUp();
    if (operation.before === 'deleted' && !deletes) throw deleted();
    await handlers[operation.kind].apply(task);
    await steps.settled();
    return { status: 'succeeded', resource: deletes ? 'deleted' : 'live' };
  } catch (error) {
    if (error instanceof SupplantedError) throw error;
    const failure = failureOf(error);
    if (failure.code === 'internal')
      logger.error({ err: error, operationId: operation.id }, 'unforeseen error');
    if (TRANSIENT.has(failure.code) && operation.attempt < MAX_ATTEMPTS) return { status: 'retry', failure };
    const gone = await discarded(handlers[operation.kind], { task, steps, logger });
    return { status: 'failed', resource: gone ? 'deleted' : 'failed', failure };
  }
}

/** Whether nothing is left of a resource that never came about. */
async function discarded(
  handler: Handler,
  { task, steps, logger }: { readonly task: Task; readonly steps: Steps; readonly logger: Logger },
): Promise<boolean> {
  const { operation } = task;
  if (handler.discard === undefined || operation.before !== null || operation.attempt > MAX_ATTEMPTS)
    return false;
  try {
    await handler.discard(task);
    await steps.settled();
    return true;
  } catch (error) {
    if (error instanceof SupplantedError) throw error;
    logger.error(
      { err: error, operationId: operation.id },
      'what a failed operation left could not be removed',
    );
    return false;
  }
}

async function writeResult(
  parts: RunOperationParts,
  operation: ClaimedOperation,
  result: Result,
): Promise<void> {
  const { state, publish, pauses, wakeUps } = parts;
  if (result.status === 'retry') {
    const delayMs = pauses.begin(operation.id, operation.attempt);
    if (!(await putBack(state, operation))) throw new SupplantedError();
    publish(operation.id);
    await wakeUps.wake(operation.id, { delayMs });
    return;
  }
  if (!(await endOperation(state, operation, result))) throw new SupplantedError();
  publish(operation.id);
  await wakeNext(parts, operation);
}

/** Whoever waited for this one is told; should that be lost, the sweep tells them. */
async function wakeNext({ state, wakeUps }: RunOperationParts, place: Place): Promise<void> {
  const next = await nextQueued(state, place);
  if (next !== undefined) await wakeUps.wake(next);
}

const TRANSIENT: ReadonlySet<string> = new Set(['executor_unavailable', 'database_unavailable']);

function failureOf(error: unknown): Failure {
  if (!isUnavailable(error)) return toFailure(error);
  return {
    code: 'database_unavailable',
    message: 'The database server could not be reached.',
    hint: 'It was tried several times. See that MariaDB runs, and ask again.',
  };
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
