import { setTimeout as pause } from 'node:timers/promises';
import { failpoint } from '../contract/failpoint.ts';
import type { OperationId, ServerId } from '../contract/ids.ts';
import type { OperationKind } from '../contract/operations.ts';
import type { Logger } from '../runtime/logger.ts';
import type { WakeUps } from '../runtime/wake-ups.ts';
import { claimOperation, isCancellationAsked } from '../state/claims.ts';
import type { State } from '../state/connection.ts';
import { findOperation, nextQueued, queuedBehind } from '../state/open-operations.ts';
import type { ClaimedOperation, Place } from '../state/open-operations.ts';
import { endOperation } from '../state/outcomes.ts';
import { handBack, holdBack, putBack } from '../state/tickets.ts';
import { carryOut } from './carry-out.ts';
import type { PutOff, Result } from './carry-out.ts';
import { createLanes } from './lanes.ts';
import type { Pace, Waiting } from './lanes.ts';
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
  /** False while nothing is to be begun; what is left then the sweep finds. */
  readonly mayBegin: () => Promise<boolean>;
  /** How long what is under way may go on when this is to stop, in milliseconds. */
  readonly finishMs?: number;
}

export interface RunOperation {
  /**
   * Has it carried out, from the claim to the end, when there is a lane for it and if it is its turn then. Resolves
   * when it is under way or in line, with what comes of it. Never throws: what is left open the sweep finds.
   */
  readonly offer: (id: OperationId) => Promise<Offered>;
  /** Whether this process is at it. */
  readonly isRunning: (id: string) => boolean;
  /** Whether anything is under way that somebody waits for. */
  readonly isBusy: () => boolean;
  /**
   * Begins nothing more, waits a while for what is under way, but for what goes on by itself, and puts back in the
   * queue what is not done then: another goes on from there.
   */
  readonly stop: () => Promise<void>;
}

export interface Offered {
  /** Whether it was its turn, when that is over. */
  readonly done: Promise<boolean>;
}

/** Together with what is closed afterwards it is less than a process has after SIGTERM. */
const FINISH_MS = 12_000;

const NOTHING: Offered = { done: Promise.resolve(false) };

export function createRunOperation(parts: RunOperationParts): RunOperation {
  const lanes = createLanes();
  const known = new Set<string>();
  const running = new Set<string>();
  const claimed = new Map<string, ClaimedOperation>();

  async function carryOutNow(id: OperationId): Promise<boolean> {
    running.add(id);
    const noteClaim = (operation: ClaimedOperation) => void claimed.set(id, operation);
    return runWhole(parts, id, noteClaim).finally(() => {
      running.delete(id);
      claimed.delete(id);
    });
  }

  return {
    offer: async (id) => {
      if (known.has(id)) return NOTHING;
      known.add(id);
      const waiting = await placeOf(parts, id);
      const done = waiting === undefined ? NOTHING.done : lanes.take(waiting, () => carryOutNow(id));
      return { done: done.finally(() => known.delete(id)) };
    },
    isRunning: (id) => running.has(id),
    isBusy: () => [...running].some((id) => !goesOnByItself(claimed.get(id))),
    stop: async () => {
      const over = new AbortController();
      const late = pause(parts.finishMs ?? FINISH_MS, undefined, { signal: over.signal }).catch(
        () => undefined,
      );
      await Promise.race([lanes.stop(), late]);
      over.abort();
      await Promise.all([...claimed.values()].map((operation) => returnToQueue(parts, operation)));
    },
  };
}

function goesOnByItself(operation: ClaimedOperation | undefined): boolean {
  return operation !== undefined && PACES[operation.kind] === 'aside';
}

async function returnToQueue(
  { state, publish, logger }: RunOperationParts,
  operation: ClaimedOperation,
): Promise<void> {
  const { id } = operation;
  try {
    if (!(await handBack(state, operation))) return;
    logger.info({ operationId: id }, 'operation handed back');
    publish(id);
  } catch (error) {
    logger.warn({ err: error, operationId: id }, LEFT_OPEN);
  }
}

const PACES: { readonly [K in OperationKind]?: Pace } = {
  'database.delete': 'slow',
  'database.restore': 'slow',
  // An authority may take minutes.
  'certificate.create': 'slow',
  'certificate.update': 'slow',
  'certificate.renew': 'slow',
  'run.create': 'aside',
  // Nobody waits for it: what it has begun waits itself until nothing else is under way.
  'update.install': 'aside',
};

/** In which line it waits; none for what cannot be done, which its claim says more of. */
async function placeOf(
  { state, server, logger }: RunOperationParts,
  id: OperationId,
): Promise<Waiting | undefined> {
  try {
    const found = await findOperation(state, id);
    if (found?.server === server && found.status !== 'queued') return undefined;
    if (found?.server === server)
      return { tenant: found.tenant, pace: PACES[found.kind as OperationKind] ?? 'quick' };
    logger.warn({ operationId: id, why: found === undefined ? 'unknown' : 'foreign' }, NO_WORK);
  } catch (error) {
    logger.warn({ err: error, operationId: id }, LEFT_OPEN);
  }
  return undefined;
}

const NO_WORK = 'wake-up without work';
const LEFT_OPEN = 'left open, the sweep takes it up again';

type NoteClaim = (operation: ClaimedOperation) => void;

async function runWhole(parts: RunOperationParts, id: OperationId, noteClaim: NoteClaim): Promise<boolean> {
  if (!(await parts.mayBegin())) return false;
  try {
    // A wake-up that was on its way already does not shorten the pause; another comes when it is over.
    if (!parts.pauses.isOver(id) && !(await isCancellationAsked(parts.state, id))) return false;
    return await runOnce(parts, id, noteClaim);
  } catch (error) {
    if (error instanceof SupplantedError) parts.logger.warn({ operationId: id }, 'claimed by another');
    else parts.logger.warn({ err: error, operationId: id }, LEFT_OPEN);
    return false;
  }
}

async function runOnce(parts: RunOperationParts, id: OperationId, noteClaim: NoteClaim): Promise<boolean> {
  const { state, server, logger, publish } = parts;
  const claim = await claimOperation(state, server, id);
  if (claim.result === 'left') {
    const level = claim.why === 'unknown' || claim.why === 'foreign' ? 'warn' : 'debug';
    logger[level]({ operationId: id, why: claim.why }, NO_WORK);
    return false;
  }
  if (claim.result === 'ended') {
    logger.info({ operationId: id, status: claim.status }, 'operation ended unstarted');
    publish(id);
    await wakeNext(parts, claim.place);
    return true;
  }
  const { operation } = claim;
  noteClaim(operation);
  failpoint('claim: committed', id);
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
  failpoint('end: committed');
  publish(operation.id);
  await wakeNext(parts, operation);
  for (const id of await queuedBehind(state, operation)) await parts.wakeUps.wake(id);
  failpoint('end: the next are woken');
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
  failpoint('put off: committed');
  publish(operation.id);
  await wakeUps.wake(operation.id, { delayMs });
}

/** Whoever waited for this one is told; should that be lost, the sweep tells them. */
async function wakeNext({ state, wakeUps }: RunOperationParts, place: Place): Promise<void> {
  const next = await nextQueued(state, place);
  if (next !== undefined) await wakeUps.wake(next);
}
