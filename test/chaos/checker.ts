import { bringsAboutNothing, ENDED } from '../../contract/operations.ts';
import { checkCalls } from './checker-calls.ts';
import { during, fault, grouped, type Fault } from './faults.ts';
import type { Asked, History, OperationRow } from './history.ts';

/** All that is wrong with a run; nothing of it is looked up, so that the same history always gives the same. */
export function check(history: History): readonly Fault[] {
  return [
    ...history.asked.flatMap((asked) => checkAnswers(asked, history)),
    ...checkUnasked(history),
    ...history.operations.flatMap((row) => checkEnd(row, history.documented)),
    ...checkTurns(history.operations),
    ...checkGenerations(history.operations),
    ...checkCalls(history),
    ...checkNeighbour(history),
    ...history.truths
      .filter(({ expected, seen }) => expected !== seen)
      .map(({ about, expected, seen }) => fault('untrue', `${about}: ${seen}, and not ${expected}`)),
  ];
}

/** What a client may be answered while parts of the agent are away: asked again it is told, once, how it is. */
const WHILE_AWAY: ReadonlySet<number> = new Set([0, 429, 502, 503, 504]);

/**
 * Asked once more it is told once more: no key makes two of them one, what stood the first time may be gone, and one whose
 * answer was cut off is nobody's.
 */
const ASKED_ANEW = 'change.plan';

function checkAnswers({ client, key, kind, call, answers }: Asked, { operations }: History): Fault[] {
  const who = `${client} ${call} (key ${key})`;
  const named = [...new Set(answers.flatMap(({ operation }) => operation ?? []))];
  const odd = answers.filter(
    ({ status }) => !WHILE_AWAY.has(status) && status !== 202 && !(status >= 400 && status < 500),
  );
  const accepted = answers.findIndex(({ status }) => status === 202);
  const changed =
    accepted === -1 || kind === ASKED_ANEW
      ? []
      : answers.slice(accepted).filter(({ status }) => status !== 202 && !WHILE_AWAY.has(status));
  return [
    ...named
      .filter((id) => !operations.some((row) => row.id === id))
      .map((id) => fault('lost', `${who}: ${id} was accepted and is not there`)),
    ...(named.length > 1 && kind !== ASKED_ANEW ? [fault('twice', `${who}: ${named.join(', ')}`)] : []),
    ...odd.map(({ status }) => fault('refused oddly', `${who}: answered with ${status}`)),
    ...changed.map(({ status }) =>
      fault('refused oddly', `${who}: accepted, and then answered with ${status}`),
    ),
    ...(answers.every(({ status }) => WHILE_AWAY.has(status))
      ? [fault('refused oddly', `${who}: never answered, at last ${answers.at(-1)?.status ?? 'nothing'}`)]
      : []),
  ];
}

/** What comes with another: the programs that a type of site usually has, and what goes and comes with its tenant. */
const PROGRAMS: ReadonlySet<string> = new Set(['queue.create', 'cron.create']);

function isImplied({ kind, tenant }: OperationRow, operations: readonly OperationRow[]): boolean {
  if (PROGRAMS.has(kind)) return true;
  const [type = '', deed = ''] = kind.split('.');
  if (!['domain', 'database'].includes(type) || !['delete', 'restore'].includes(deed)) return false;
  return operations.some((other) => other.resource === tenant && other.kind === `tenant.${deed}`);
}

/** A site's certificate is put: whether that makes it or changes it, the client need not know. */
const wordOf = (kind: string) => (kind === 'certificate.update' ? 'certificate.create' : kind);

/** While one waits or is under way it is the answer to whoever asks for another. */
const SHARED = 'update.install';

function checkUnasked({ asked, operations }: History): Fault[] {
  const owners = new Map<string, Asked[]>();
  for (const one of asked)
    for (const id of new Set(one.answers.flatMap(({ operation }) => operation ?? [])))
      owners.set(id, [...(owners.get(id) ?? []), one]);
  return operations.flatMap((row) => {
    const mine = owners.get(row.id) ?? [];
    if (mine.length > 1 && row.kind !== SHARED)
      return [fault('twice', `${row.id} is the answer to ${mine.length} wishes`)];
    if (mine.length === 0 && row.kind !== ASKED_ANEW && !isImplied(row, operations))
      return [fault('unasked', `${row.kind} ${row.id}`)];
    const kind = mine[0]?.kind ?? row.kind;
    return wordOf(kind) === wordOf(row.kind)
      ? []
      : [fault('unasked', `${row.id} is ${row.kind}, and ${kind} was asked for`)];
  });
}

/** Nobody broke what is checked here: no fault of the server explains such an end. */
const NEVER: ReadonlySet<string> = new Set(['invalid_request', 'not_ours', 'name_taken', 'limit_reached']);
/** That often it is tried; what was killed as often as that is given up, with `internal`. */
const MOST_ATTEMPTS = 5;

function checkEnd(row: OperationRow, documented: readonly string[]): Fault[] {
  const { id, kind, status, error, attempt } = row;
  const who = `${kind} ${id}`;
  if (!ENDED.has(status)) return [fault('without an end', `${who} is ${status}, attempt ${attempt}`)];
  if (row.endedAt === null) return [fault('without an end', `${who} has no time of its end`)];
  if (status !== 'failed') return [];
  if (error === null || !documented.includes(error))
    return [fault('unexplained failure', `${who}: ${error ?? 'no code'}`)];
  if (NEVER.has(error) || (error === 'internal' && attempt <= MOST_ATTEMPTS))
    return [fault('unexplained failure', `${who}: ${error}, attempt ${attempt}`)];
  return [];
}

/** Under one key they begin and end one after the other, in the order in which they were asked for. */
function checkTurns(operations: readonly OperationRow[]): Fault[] {
  const faults: Fault[] = [];
  for (const rows of grouped(operations, ({ serialKey }) => serialKey)) {
    const done = rows.filter(({ startedAt }) => startedAt !== null);
    for (const [at, row] of done.entries()) {
      const before = done[at - 1];
      if (before === undefined) continue;
      if ((before.endedAt ?? Infinity) > (row.startedAt ?? 0))
        faults.push(
          fault('at once', `${row.id} began before ${before.id} had ended (${row.kind}, ${row.serialKey})`),
        );
    }
  }
  return faults;
}

function checkGenerations(operations: readonly OperationRow[]): Fault[] {
  const changes = operations.filter(({ kind }) => !bringsAboutNothing(kind));
  return [...grouped(changes, ({ resource }) => resource)].flatMap((rows) =>
    rows.flatMap((row, at) => {
      const before = rows[at - 1];
      if (before === undefined || row.generation > before.generation) return [];
      return [fault('generation', `${row.resource}: ${row.generation} after ${before.generation}`)];
    }),
  );
}

/** While these strike, and until what was struck is up again, a page cannot come. */
const FELLS_A_PAGE = /nginx/;
const TO_GET_UP_MS = 3000;

function checkNeighbour({ visits, strikes }: History): Fault[] {
  const excused = (at: number) =>
    during(
      strikes.filter(({ name }) => FELLS_A_PAGE.test(name)),
      at,
      TO_GET_UP_MS,
    );
  return visits
    .filter(({ at, fine }) => !fine && !excused(at))
    .map(({ at, seen }) => fault('neighbour', `at ${new Date(at).toISOString()} it answered ${seen}`));
}
