import { failpoint } from '../contract/failpoint.ts';
import type { OperationId } from '../contract/ids.ts';
import { insertAudit } from '../state/audit.ts';
import type { Sql, State } from '../state/connection.ts';
import { findAnswer, insertAnswer } from '../state/idempotency.ts';
import { noPlan, ProblemError } from './problems.ts';
import type { WriteContext } from './write-context.ts';

/** What a write has brought about. `body` is shown and kept; `once` is shown and not kept. */
export interface Outcome {
  /** Null where the write is all there is to do. */
  readonly operationId: OperationId | null;
  /** The id of what it is about. */
  readonly resource: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly once?: {
    readonly shown: Readonly<Record<string, unknown>>;
    readonly kept: Readonly<Record<string, unknown>>;
  };
}

/** `replayed`: it is the answer to an earlier request with the same key, and nothing was done. */
export interface OnceAnswer {
  readonly operationId: string | null;
  readonly body: Readonly<Record<string, unknown>>;
  readonly replayed: boolean;
}

export interface Purpose {
  readonly context: WriteContext;
  /** For the audit. */
  readonly action: string;
}

/** Does a write once: all of its rows, its audit line and its key in one transaction. */
export async function writeOnce(
  state: State,
  purpose: Purpose,
  work: (sql: Sql) => Promise<Outcome>,
): Promise<OnceAnswer> {
  if (purpose.context.plan) throw noPlan(purpose.action);
  const earlier = await replay(state, purpose.context);
  if (earlier !== undefined) return earlier;
  failpoint('request: to be written', purpose.action);
  try {
    const outcome = await state.transaction(async (sql) => record(sql, purpose, await work(sql)));
    failpoint('request: committed');
    return answer(outcome);
  } catch (error) {
    // Two at once with one key: the other was first, and its answer is ours, whatever stopped us.
    const theirs = await replay(state, purpose.context);
    if (theirs !== undefined) return theirs;
    throw error;
  }
}

async function record(sql: Sql, { context, action }: Purpose, outcome: Outcome): Promise<Outcome> {
  const { caller, key } = context;
  const { operationId, resource } = outcome;
  failpoint('request: what it asks for is written');
  await insertAudit(sql, {
    actor: caller.tokenId,
    address: caller.address,
    action,
    resource,
    outcome: 'accepted',
    ...(operationId === null ? {} : { detail: `operation ${operationId}` }),
  });
  failpoint('request: audit is written');
  const body = { ...outcome.body, ...outcome.once?.kept };
  if (key !== undefined) await insertAnswer(sql, key, { operationId, body });
  failpoint('request: to be committed');
  return outcome;
}

function answer({ operationId, body, once }: Outcome): OnceAnswer {
  return { operationId, body: { ...body, ...once?.shown }, replayed: false };
}

async function replay(state: State, { key }: WriteContext): Promise<OnceAnswer | undefined> {
  const earlier = key === undefined ? undefined : await findAnswer(state, key);
  if (earlier === undefined) return undefined;
  if (!earlier.same)
    throw new ProblemError('idempotency-mismatch', 'Send another request with a key of its own.');
  return { ...earlier.answered, replayed: true };
}
