import type { Readable, Writable } from 'node:stream';
import type { z } from 'zod';
import { ExecutorAnswer, MAX_REQUEST_BYTES, PlanResult, VERBS } from '../contract/executor.ts';
import type { Verb, VerbArgs, VerbResult } from '../contract/executor.ts';
import { failpoint } from '../contract/failpoint.ts';
import { FailureError } from '../contract/failures.ts';
import type { FailureCode } from '../contract/failures.ts';
import type { OperationId } from '../contract/ids.ts';
import { jsonOf } from '../contract/json-text.ts';
import type { OperationStep } from '../contract/operations.ts';
import { createLineSplitter } from './line-splitter.ts';

/** A way to the executor that is open: lines in, lines out. `close` may be called more than once. */
export interface Link {
  readonly input: Writable;
  readonly output: Readable;
  readonly close: () => void;
}

/** Whom a request is for, and who is told of its steps as they end. */
export interface CallContext {
  readonly operation: OperationId | null;
  readonly epoch?: number;
  readonly step: (step: OperationStep) => void;
}

/** Nobody asked for it: it is no operation's, and nobody is told of its steps. */
export const UNASKED: CallContext = { operation: null, step: () => undefined };

/** With one of these nothing is refused: whoever is to do it is not there, and the next request would fare no better. */
export const AWAY: ReadonlySet<FailureCode> = new Set(['executor_unavailable', 'database_unavailable']);

export interface Executor {
  /** Throws a FailureError: the executor's own, or `executor_unavailable` where it did not answer as agreed. */
  readonly call: <V extends Verb>(verb: V, args: VerbArgs<V>, context: CallContext) => Promise<VerbResult<V>>;
  /** What the same call would change, and nothing changed. */
  readonly plan: <V extends Verb>(verb: V, args: VerbArgs<V>, context: CallContext) => Promise<PlanResult>;
  readonly close: () => void;
}

export interface ExecutorCallsParts {
  readonly open: () => Link;
  /** How long each verb may take, in milliseconds. */
  readonly patienceMs?: Readonly<Record<Verb, number>>;
}

/** A dump takes as long as a database is large, and so does playing it back; the rest is done in seconds or not at all. */
const PATIENCE_MS: Readonly<Record<Verb, number>> = {
  'server.facts': 30_000,
  'server.look': 50_000,
  'site.put': 120_000,
  'site.remove': 120_000,
  'site.restore': 120_000,
  'site.move': 3_900_000,
  'site.purge': 3_900_000,
  'key.put': 30_000,
  'key.remove': 30_000,
  'cache.put': 90_000,
  'cache.remove': 90_000,
  'cache.usages': 30_000,
  'certificate.put': 660_000,
  'certificate.renew': 660_000,
  'certificate.remove': 90_000,
  'certificates.look': 90_000,
  'cron.put': 30_000,
  'cron.run': 60_000,
  'cron.remove': 90_000,
  'crons.look': 90_000,
  'cron.output': 30_000,
  'run.start': 4_000_000,
  'run.stop': 90_000,
  'run.forget': 90_000,
  'queue.put': 120_000,
  'queue.restart': 120_000,
  'queue.remove': 120_000,
  'programs.look': 30_000,
  'program.output': 30_000,
  'database.collate': 90_000,
  'database.protect': 30_000,
  'database.remove': 4 * 3_600_000,
  'database.restore': 4 * 3_600_000,
  'database.purge': 120_000,
  'site.align': 120_000,
  'site.drift': 90_000,
  'site.repair': 120_000,
  'site.measure': 700_000,
  'database.align': 120_000,
  'database.drift': 60_000,
  'tenant.drift': 90_000,
  'tenant.put': 3_900_000,
  'tenant.remove': 120_000,
  'tenant.restore': 3_900_000,
  'tenant.room': 30_000,
  'tenant.purge': 120_000,
  'updates.meet': 30_000,
  'updates.look': 90_000,
  'updates.restart': 120_000,
  'updates.status': 160_000,
  'updates.install': 7_500_000,
  'updates.report': 30_000,
  'updates.told': 30_000,
  'site.renew': 200_000,
  'bans.look': 90_000,
  'ban.put': 150_000,
  'ban.remove': 150_000,
  'state.dump': 3_900_000,
  'audit.head': 90_000,
  'audit.lines': 30_000,
};

/** What the executor says in one line is short; a longer one is not an answer. */
const MAX_ANSWER_BYTES = 1_048_576;

interface Pending {
  readonly step: (step: OperationStep) => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: FailureError) => void;
}

interface Conversation {
  readonly link: Link;
  readonly pending: Map<string, Pending>;
}

/** Pairs answers with requests over one link, which is opened when it is first needed and anew when it broke. */
export function createExecutorCalls({ open, patienceMs = PATIENCE_MS }: ExecutorCallsParts): Executor {
  let current: Conversation | undefined;
  let count = 0;

  function breakOff(conversation: Conversation): void {
    if (current === conversation) current = undefined;
    conversation.link.close();
    for (const waiting of conversation.pending.values()) waiting.reject(unavailable());
    conversation.pending.clear();
  }

  function begin(): Conversation {
    const conversation: Conversation = { link: open(), pending: new Map() };
    const { input, output } = conversation.link;
    const broken = (): void => breakOff(conversation);
    const take = createLineSplitter(MAX_ANSWER_BYTES, {
      line: (line) => {
        if (!deliver(conversation.pending, line)) broken();
      },
      tooLong: broken,
    });
    output.on('data', take).on('error', broken).on('end', broken).on('close', broken);
    input.on('error', broken);
    return conversation;
  }

  async function ask(
    { verb, args, plan }: { readonly verb: Verb; readonly args: unknown; readonly plan?: true },
    { operation, epoch, step }: CallContext,
  ): Promise<unknown> {
    const request = `r${(count += 1).toString(36)}`;
    const line = `${JSON.stringify({ request, operation, epoch, verb, args, ...(plan === true ? { plan } : {}) })}\n`;
    if (Buffer.byteLength(line) > MAX_REQUEST_BYTES) throw tooLarge();
    const { link, pending } = (current ??= begin());
    const answer = new Promise<unknown>((resolve, reject) => {
      pending.set(request, { step, resolve, reject });
      link.input.write(line);
    });
    failpoint(`door to ${verb}: asked`, operation);
    const late = setTimeout(() => pending.get(request)?.reject(unavailable()), patienceMs[verb]);
    try {
      const result = await answer;
      failpoint(`door to ${verb}: answered`, operation);
      return result;
    } finally {
      clearTimeout(late);
      pending.delete(request);
    }
  }

  return {
    call: async (verb, args, context) =>
      resultOf(VERBS[verb].result, await ask({ verb, args }, context)) as never,
    plan: async (verb, args, context) => resultOf(PlanResult, await ask({ verb, args, plan: true }, context)),
    close: () => {
      if (current !== undefined) breakOff(current);
    },
  };
}

/** False where the line is no answer, or says that one of ours could not be read: then nothing can be relied on. */
function deliver(pending: ReadonlyMap<string, Pending>, line: string): boolean {
  const parsed = ExecutorAnswer.safeParse(jsonOf(line));
  if (!parsed.success || parsed.data.request === null) return false;
  const answer = parsed.data;
  // One that nobody waits for any more has come too late.
  const waiting = pending.get(parsed.data.request);
  if (waiting === undefined) return true;
  if ('step' in answer) waiting.step(answer.step);
  else if ('error' in answer) {
    const { code, message, hint } = answer.error;
    waiting.reject(new FailureError(code, message, hint));
  } else waiting.resolve(answer.result);
  return true;
}

function resultOf<S extends z.ZodType>(schema: S, result: unknown): z.infer<S> {
  const parsed = schema.safeParse(result);
  if (!parsed.success) throw unavailable();
  return parsed.data;
}

function unavailable(): FailureError {
  return new FailureError(
    'executor_unavailable',
    'The privileged side of this server did not answer as agreed.',
    'It was tried several times. See that the executor can be started, and ask again.',
  );
}

function tooLarge(): FailureError {
  return new FailureError(
    'invalid_request',
    'What was asked for is too large for one request.',
    'Ask for fewer aliases, or shorter ones.',
  );
}
