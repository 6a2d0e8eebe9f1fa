import {
  ExecutorRequest,
  PlanResult,
  RequestId,
  VERBS,
  type ExecutorAnswer,
  type Verb,
  type VerbArgs,
} from '../../../contract/executor.ts';
import { failpoint } from '../../../contract/failpoint.ts';
import { FailureError, toFailure } from '../../../contract/failures.ts';
import { jsonOf } from '../../../contract/json-text.ts';
import type { Run } from '../ensure.ts';
import { differencesPlanned, planned } from '../plan.ts';
import type { Files } from '../system/files.ts';
import type { Locks } from '../system/locks.ts';
import { causeOf, type Log } from '../system/log.ts';
import { paths } from '../system/paths.ts';
import { namedWhereFull, type RequireRoom } from '../system/room.ts';
import { namedWhereShuttingDown } from '../system/shutting-down.ts';
import type { VerbTable } from '../verbs/table.ts';
import { outcomeOf, type Audit } from './audit.ts';
import type { Fence } from './fence.ts';
import { LOOKS, MAKES, PLANNED } from './looks.ts';
import { unfit } from './plain-text.ts';
import { LIMIT_MS } from './time-limits.ts';

/** Answers one line; never rejects, so that no request can stop the process. */
export type Dispatch = (line: string, answer: (answer: ExecutorAnswer) => void) => Promise<void>;

type Parts = {
  readonly verbs: VerbTable;
  /** For what is to be told and not done: verbs that can only look. */
  readonly planning: {
    readonly verbs: VerbTable;
    readonly files: Pick<Files, 'read' | 'readLink' | 'stray' | 'isClosed'>;
  };
  readonly locks: Locks;
  readonly fence: Fence;
  readonly requireRoom: RequireRoom;
  /** Aborted with a StoppingError when no further step may begin. */
  readonly halt: AbortSignal;
  readonly audit: Audit;
  readonly log: Log;
};

/** What is switched off was there before, unless it has just been thought of. */
function makesSomething({ verb, args }: Asked): boolean {
  const switchesOff = 'enabled' in args && !args.enabled && args.generation > 1;
  return MAKES.has(verb) && !switchesOff;
}

/** More than the worker ever has under way; the rest of a flood is refused, not kept. */
const MOST_AT_ONCE = 64;

export function createDispatch(parts: Parts): Dispatch {
  const { verbs, planning, locks, fence, requireRoom, halt, audit, log } = parts;
  let underWay = 0;

  const perform = async (asked: Asked, run: Run, begin: () => void) => {
    await fence.note(asked);
    const key = lockOf(asked);
    const [table, as] = asked.plan === true ? [planning.verbs, planned(run, planning.files)] : [verbs, run];
    // The schema of this verb has parsed these args; the compiler cannot tie the two together.
    const handle = table[asked.verb] as (args: VerbArgs<Verb>, run: Run) => Promise<unknown>;
    const act = async () => {
      await fence.require(asked);
      // When its turn comes: an operation that is refused has ended, and what an earlier claim of it began may not go on.
      if (makesSomething(asked)) await requireRoom();
      begin();
      return handle(asked.args, as);
    };
    // What was never worked on is nobody's now either: whoever only looks leaves no lock of it behind.
    const isLook = asked.plan === true || LOOKS.has(asked.verb);
    const isFree =
      key === undefined || (isLook && (await planning.files.read(`${paths.locks}/${key}`)) === null);
    const done = () => (isFree ? act() : locks.during(key, act));
    return asked.plan === true
      ? PlanResult.parse({ differences: await differencesPlanned(done) })
      : VERBS[asked.verb].result.parse(await done());
  };

  const serve = async (asked: Asked, answer: (answer: ExecutorAnswer) => void) => {
    const { request, operation, verb, plan = false } = asked;
    const noted = { operation, verb, ...(plan ? { plan } : {}), ...idOf(asked) };
    const isLook = LOOKS.has(verb);
    const started = performance.now();
    let waited: { readonly waitedMs?: number } = {};
    const end = async (outcome: string) =>
      audit({ event: 'ended', ...noted, outcome, durationMs: since(started), ...waited });
    if (!isLook) await audit({ event: 'begun', ...noted });
    failpoint(`${verb}: begun`, operation);
    try {
      const run: Run = {
        report: (step) => answer({ request, step }),
        signal: AbortSignal.any([halt, AbortSignal.timeout(LIMIT_MS[verb])]),
        stillAsked: () => fence.require(asked),
        warn: (message, cause) => log('error', message, { ...noted, ...causeOf(cause) }),
      };
      const result = await perform(asked, run, () => (waited = { waitedMs: since(started) }));
      failpoint(`${verb}: done`);
      if (!isLook) await end('succeeded');
      answer({ request, result });
      failpoint(`${verb}: answered`);
    } catch (cause) {
      const failure = namedWhereShuttingDown(namedWhereFull(cause));
      failpoint(`${verb}: failed`);
      await end(outcomeOf(failure));
      noteFailure(log, noted, failure);
      answer({ request, error: toFailure(failure) });
    }
  };

  return async (line, answer) => {
    const read = readRequest(line);
    const refused = 'refused' in read ? read : underWay >= MOST_AT_ONCE ? tooMany(read.request) : null;
    if (refused !== null) {
      await audit({ event: 'refused', outcome: refused.why });
      answer({ request: refused.request, error: refused.refused.failure });
      return;
    }
    underWay += 1;
    await serve(read as Asked, answer).finally(() => (underWay -= 1));
  };
}

function since(started: number): number {
  return Math.round(performance.now() - started);
}

type Asked = Omit<ExecutorRequest, 'args'> & { readonly args: VerbArgs<Verb> };
type Refused = { readonly request: RequestIdOrNull; readonly refused: FailureError; readonly why: string };
type RequestIdOrNull = string | null;

/** Read, then check; nothing is done here, and nothing that is refused is repeated. */
export function readRequest(line: string): Asked | Refused {
  const parsed = jsonOf(line);
  if (parsed === undefined) return refuse(null, 'it is not JSON');
  const request = requestOf(parsed);
  const why = unfit(parsed);
  if (why !== null) return refuse(request, why);
  // The worker writes it so. A key that stands there twice would be one thing to us and another to who looks on.
  if (JSON.stringify(parsed) !== line) return refuse(request, 'it is not in the one form there is');
  const envelope = ExecutorRequest.safeParse(parsed);
  if (!envelope.success) return refuse(request, `its envelope: ${fields(envelope.error.issues)}`);
  if (envelope.data.plan === true && !PLANNED.has(envelope.data.verb))
    return refuse(request, 'what this verb would do is not told beforehand');
  const args = VERBS[envelope.data.verb].args.safeParse(envelope.data.args);
  if (!args.success) return refuse(request, `its args: ${fields(args.error.issues)}`);
  return { ...envelope.data, args: args.data };
}

/** So that the caller knows which of its requests was refused, where that can be told. */
function requestOf(parsed: unknown): RequestIdOrNull {
  if (typeof parsed !== 'object' || parsed === null || !('request' in parsed)) return null;
  return RequestId.safeParse(parsed.request).data ?? null;
}

/** Which fields, by names of ours: an unknown key is only said to be one, and below the second level keys are a tenant's. */
function fields(issues: readonly { readonly path: readonly PropertyKey[]; readonly code: string }[]): string {
  return issues
    .slice(0, 5)
    .map(({ path, code }) => `${path.slice(0, 2).join('.').slice(0, 60)} ${code}`.trim())
    .join(', ');
}

function refuse(request: RequestIdOrNull, why: string): Refused {
  const refused = new FailureError(
    'invalid_request',
    `The privileged side refused the request: ${why}.`,
    'Agent and executor may be of different versions: install the agent again.',
  );
  return { request, refused, why };
}

/** A refusal is nobody's to mend; a tool that refused, or what was not foreseen, is. */
function noteFailure(log: Log, noted: Readonly<Record<string, unknown>>, failure: unknown): void {
  const expected = failure instanceof FailureError && failure.cause === undefined;
  if (expected) log('info', 'a request was not carried out', { ...noted, why: failure.message });
  else log('error', 'a request failed', { ...noted, ...causeOf(failure) });
}

function tooMany(request: string): Refused {
  const why = 'too many requests are under way';
  const refused = new FailureError(
    'limit_reached',
    `The privileged side refused: ${why}.`,
    'Ask again later.',
  );
  return { request, refused, why };
}

/** What belongs to a site waits for its turn with the site. */
function lockOf({ verb, args }: Asked): string | undefined {
  // They take the site's lock themselves, and not for as long as a command runs, or an authority thinks.
  if (verb === 'run.start' || verb === 'certificate.put' || verb === 'certificate.renew') return undefined;
  // It takes an hour, and its unit is there once.
  if (verb === 'updates.install') return undefined;
  // What is done meanwhile need not wait for a count.
  if (verb === 'site.measure' || verb === 'tenant.room') return undefined;
  if ('site' in args) return args.site;
  return 'id' in args ? args.id : undefined;
}

function idOf({ args }: Asked): { readonly id?: string } {
  return 'id' in args ? { id: args.id } : {};
}
