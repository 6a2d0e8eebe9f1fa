import { present } from './action.ts';
import { PlanOperation } from './answers.ts';
import type { Accepted, Operation } from './answers.ts';
import { understand, type Write } from './client.ts';
import { linesOfPlan } from './differences.ts';
import { ConnectionError, OperationError, RefusedError } from './errors.ts';
import { follow } from './follow.ts';
import { createPatience } from './patience.ts';
import { path, type Session } from './session.ts';
import { createStepPrinter } from './steps.ts';

const SEE_IT = 'The operation goes on. To see its end: sculptorctl operation list';

/** A write, and where the resource can be read again after it: a `reread` of undefined is not read. */
export type Wish = Write & {
  readonly noun:
    | 'domain'
    | 'database'
    | 'databaseUser'
    | 'key'
    | 'queue'
    | 'cache'
    | 'certificate'
    | 'cron'
    | 'operation'
    | 'drift'
    | 'tenant'
    | 'updates'
    | 'bans';
  readonly reread?: string;
  /** What is printed for a person once the answer is there, before the operation has ended. */
  readonly announce?: (answer: Accepted) => readonly string[];
};

/**
 * Sends a write and, unless told not to, waits for its operation's end. Throws an `OperationError` where that
 * is not `succeeded`. A password is printed before anything is waited for: it is in this one answer only.
 */
export async function perform(session: Session, wish: Wish): Promise<void> {
  const answer = await session.client.write(wish);
  if (!session.json) announce(session, wish, answer);
  if (!session.wait) {
    if (session.json) session.terminal.json(answer);
    return;
  }
  if (session.plan) {
    await showPlan(session, await waitFor(session, answer));
    return;
  }
  const operation = await waitFor(session, answer);
  if (session.json) session.terminal.json({ ...answer, ...(await reread(session, wish)), operation });
  if (operation.status !== 'succeeded') throw new OperationError(operation);
}

/** Follows an operation and tells a person about it. */
export async function watch(session: Session, id: string): Promise<Operation> {
  const { client, terminal, json, pause, patienceMs } = session;
  const print = createStepPrinter((text) => terminal.line(text));
  const patience = createPatience(patienceMs, (text) => terminal.error(text));
  const show = (operation: Operation): void => {
    patience.see(operation);
    if (!json) print(operation);
  };
  try {
    const operation = await follow({ client, id, show, pause });
    if (!json) terminal.line(`${operation.kind} ${operation.resource.name}: ${operation.status}`);
    return operation;
  } finally {
    patience.end();
  }
}

/** What would change, as `drift show` has what did. */
async function showPlan(session: Session, operation: Operation): Promise<void> {
  const document = await session.client.get(path`/v1/operations/${operation.id}`);
  present(session, document, () => {
    const { plan } = understand(PlanOperation, document);
    return plan === null ? [] : linesOfPlan(plan);
  });
  if (operation.status !== 'succeeded') throw new OperationError(operation);
}

async function waitFor(session: Session, answer: Accepted): Promise<Operation> {
  try {
    return await watch(session, answer.operation.id);
  } catch (error) {
    // The answer may hold a password that is never given again.
    if (session.json) session.terminal.json(answer);
    if (!(error instanceof RefusedError)) throw error;
    throw new ConnectionError(`The operation cannot be followed: ${error.message}`, SEE_IT, false);
  }
}

function announce(session: Session, wish: Wish, answer: Accepted): void {
  session.terminal.line(`operation ${answer.operation.id} ${answer.operation.status}`);
  if (session.plan) return;
  wish.announce?.(answer).forEach((line) => session.terminal.line(line));
}

async function reread(session: Session, wish: Wish): Promise<Record<string, unknown>> {
  if (wish.reread === undefined) return {};
  try {
    return { [wish.noun]: await session.client.get(wish.reread) };
  } catch (error) {
    // Somebody else has deleted it meanwhile, for instance: what was asked for did come about.
    if (error instanceof RefusedError) return {};
    throw error;
  }
}
