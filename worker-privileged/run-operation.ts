import type { OperationId, ServerId } from '../contract/ids.ts';
import type { OperationKind } from '../contract/operations.ts';
import type { Logger } from '../runtime/logger.ts';
import type { WakeUps } from '../runtime/wake-ups.ts';
import { claimOperation, isCancellationAsked } from '../state/claims.ts';
import type { State } from '../state/connection.ts';
import { nextQueued, queuedBehind } from '../state/open-operations.ts';
import type { ClaimedOperation, Place } from '../state/open-operations.ts';
import { endOperation } from '../state/outcomes.ts';
import { holdBack, putBack } from '../state/tickets.ts';
import { carryOut } from './carry-out.ts';
import type { PutOff, Result } from './carry-out.ts';
import type { Handlers } from './operations.ts';
import type { Publish } from './progress.ts';
import type { Pauses } from './pauses.ts';
import { createSteps, SupplantedError } from './steps.ts';
import type { Task } from './task.ts';

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
  /**
   * From the claim to the end, if it is the operation's turn; whether it was. Never throws: what is left open the
   * sweep finds.
   */
  readonly run: (id: OperationId) => Promise<boolean>;
  /** Whether this process is at it. */
  readonly isRunning: (id: string) => boolean;
  /** Whether it is at nothing, but for what goes on by itself and keeps no other from its turn. */
  readonly isIdle: () => boolean;
}

export function createRunOperation(parts: RunOperationParts): RunOperation {
  const running = new Set<string>();
  const aside = new Set<string>();
  return {
    run: async (id) => {
      if (running.has(id)) return false;
      running.add(id);
      return new Promise((resolve) => {
        const setAside = (): void => {
          aside.add(id);
          resolve(true);
        };
        void runWhole(parts, id, setAside).then((ran) => {
          running.delete(id);
          aside.delete(id);
          resolve(ran);
        });
      });
    },
    isRunning: (id) => running.has(id),
    isIdle: () => running.size === aside.size,
  };
}

/** What takes as long as a tenant's command does: it goes on by itself, and others have their turn meanwhile. */
const ASIDE: ReadonlySet<OperationKind> = new Set(['run.create']);

async function runWhole(parts: RunOperationParts, id: OperationId, setAside: () => void): Promise<boolean> {
  try {
    // A wake-up that was on its way already does not shorten the pause; another comes when it is over.
    if (!parts.pauses.isOver(id) && !(await isCancellationAsked(parts.state, id))) return false;
    return await runOnce(parts, id, setAside);
  } catch (error) {
    if (error instanceof SupplantedError) parts.logger.warn({ operationId: id }, 'claimed by another');
    else parts.logger.warn({ err: error, operationId: id }, 'left open, the sweep takes it up again');
    return false;
  }
}

async function runOnce(parts: RunOperationParts, id: OperationId, setAside: () => void): Promise<boolean> {
  const { state, server, logger, publish } = parts;
  const claim = await claimOperation(state, server, id);
  if (claim.result === 'left') {
    const level = claim.why === 'unknown' || claim.why === 'foreign' ? 'warn' : 'debug';
    logger[level]({ operationId: id, why: claim.why }, 'wake-up without work');
    return false;
  }
  if (claim.result === 'ended') {
    logger.info({ operationId: id, status: claim.status }, 'operation ended unstarted');
    publish(id);
    await wakeNext(parts, claim.place);
    return true;
  }
  const { operation } = claim;
  if (ASIDE.has(operation.kind)) setAside();
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
  else if (result.status === 'held-back') logger.warn(facts, 'operation held back');
  else logger.info(facts, 'operation finished');
  return true;
}

async function writeResult(
  parts: RunOperationParts,
  operation: ClaimedOperation,
  result: Result,
): Promise<void> {
  const { state, publish } = parts;
  if (!('resource' in result)) {
    await putOff(parts, operation, result);
    return;
  }
  if (!(await endOperation(state, operation, result))) throw new SupplantedError();
  publish(operation.id);
  await wakeNext(parts, operation);
  for (const id of await queuedBehind(state, operation)) await parts.wakeUps.wake(id);
}

async function putOff(
  { state, publish, pauses, wakeUps }: RunOperationParts,
  operation: ClaimedOperation,
  { status, failure }: PutOff,
): Promise<void> {
  const held = status === 'held-back';
  const delayMs = held ? pauses.hold(operation.id) : pauses.begin(operation.id, operation.attempt);
  const written = held ? await holdBack(state, operation, failure) : await putBack(state, operation);
  if (!written) throw new SupplantedError();
  publish(operation.id);
  await wakeUps.wake(operation.id, { delayMs });
}

/** Whoever waited for this one is told; should that be lost, the sweep tells them. */
async function wakeNext({ state, wakeUps }: RunOperationParts, place: Place): Promise<void> {
  const next = await nextQueued(state, place);
  if (next !== undefined) await wakeUps.wake(next);
}
