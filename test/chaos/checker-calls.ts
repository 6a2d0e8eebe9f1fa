import { bringsAboutNothing } from '../../contract/operations.ts';
import { during, fault, grouped, type Fault } from './faults.ts';
import type { Call, Finish, History, OperationRow, Strike } from './history.ts';

/** What root's side did, and which worker wrote an end, beside what the state says of it. */
export function checkCalls(history: History): readonly Fault[] {
  const rows = new Map(history.operations.map((row) => [row.id, row]));
  return [
    ...checkSideBySide(history),
    ...checkOrder(history.calls, rows),
    ...history.calls.flatMap((call) => checkMeanwhile(call, rows)),
    ...checkFinishes(history.finishes, rows),
    ...checkSecond(history),
  ];
}

/** They take the resource's lock themselves, for parts of what they do, or hold none: see the executor's dispatch. */
const WITHOUT_LOCK: ReadonlySet<string> = new Set([
  ...['run.start', 'certificate.put', 'certificate.renew', 'site.measure', 'tenant.room', 'updates.install'],
  ...['programs.look', 'program.output', 'crons.look', 'certificates.look', 'cron.output'],
]);

/** The two clocks that an interval is made of, one of them in whole milliseconds. */
const BLUR_MS = 5;

const beginOf = ({ endedAt, durationMs, waitedMs }: Call) => endedAt - durationMs + (waitedMs ?? durationMs);

/** No two requests about one resource were ever carried out at the same time. */
function checkSideBySide({ calls }: History): Fault[] {
  const done = calls.filter(
    ({ id, verb, waitedMs }) => id !== null && waitedMs !== null && !WITHOUT_LOCK.has(verb),
  );
  return [...grouped(done, ({ id }) => id ?? '')].flatMap((group) => {
    const inOrder = [...group].sort((one, other) => beginOf(one) - beginOf(other));
    return inOrder.flatMap((call, at) => {
      const before = inOrder[at - 1];
      if (before === undefined || before.endedAt - beginOf(call) <= BLUR_MS) return [];
      const together = before.endedAt - beginOf(call);
      return [fault('at once', `${before.verb} and ${call.verb} of ${call.id ?? ''}, for ${together} ms`)];
    });
  });
}

/** What is older brings nothing about any more once something newer has. */
function checkOrder(calls: readonly Call[], rows: ReadonlyMap<string, OperationRow>): Fault[] {
  const newest = new Map<string, OperationRow>();
  const faults: Fault[] = [];
  for (const { operation, id, outcome, verb } of calls) {
    const row = rows.get(operation ?? '');
    if (row === undefined || outcome !== 'succeeded' || id !== row.resource) continue;
    if (WITHOUT_LOCK.has(verb) || bringsAboutNothing(row.kind)) continue;
    const before = newest.get(row.resource);
    if (before !== undefined && before.generation > row.generation)
      faults.push(fault('out of order', `${verb} of ${row.id} after ${before.kind} ${before.id}`));
    else newest.set(row.resource, row);
  }
  return faults;
}

/**
 * The end of an operation is written when its work is over. What never had its turn was never under way; and a newer one may
 * have taken its place after its worker was killed, and waits for the lock.
 */
const CLOCK_MS = 20;
/** Whoever asks again waits for the same one, each by itself: systemd has its unit once, and that is what ends. */
const JOINED: ReadonlySet<string> = new Set(['run.stop', 'updates.install']);

function checkMeanwhile(call: Call, rows: ReadonlyMap<string, OperationRow>): Fault[] {
  const row = rows.get(call.operation ?? '');
  if (row === undefined || row.endedAt === null || row.status === 'superseded') return [];
  if (JOINED.has(call.verb) || call.waitedMs === null) return [];
  const begun = beginOf(call);
  if (row.endedAt <= begun + CLOCK_MS || row.endedAt >= call.endedAt - CLOCK_MS) return [];
  return [fault('ended meanwhile', `${row.kind} ${row.id} ended while ${call.verb} was under way`)];
}

/** An end is written once, by whoever claimed the operation last. */
function checkFinishes(finishes: readonly Finish[], rows: ReadonlyMap<string, OperationRow>): Fault[] {
  return [...grouped(finishes, ({ operation }) => operation)].flatMap((group) => {
    const row = rows.get(group[0]?.operation ?? '');
    const again = group.length > 1 ? [fault('ended by another', `${row?.id ?? ''} was ended twice`)] : [];
    const late = group
      .filter(({ attempt }) => row !== undefined && attempt !== row.attempt)
      .map(({ attempt }) =>
        fault('ended by another', `${row?.id ?? ''} by attempt ${attempt} of ${row?.attempt ?? 0}`),
      );
    return [...again, ...late];
  });
}

/** A second worker that is started by mistake does nothing while the first is there; and the first was, all the while. */
export const SECOND_WORKER = 'sculptor-chaos-second.service';
const MISTAKE = 'second worker';
/**
 * The first lets go of its lock where the connection to MariaDB breaks, or it ends, and takes it again at its next look, if the
 * second has not until then: who has it keeps it.
 */
const FREES_THE_LOCK = /mariadb|disk|^(?:kill|stop) sculptor-worker-privileged/;
const NEXT_LOOK_MS = 15_000;

function checkSecond({ finishes, strikes }: History): Fault[] {
  const mistakes = strikes.filter(({ name }) => name === MISTAKE);
  const freed = strikes.filter(({ name }) => FREES_THE_LOCK.test(name) || name === 'supplant');
  const isTheirs = (mistake: Strike, at: number) =>
    freed.some(({ from, to }) => from <= at && to + NEXT_LOOK_MS >= mistake.from);
  return finishes
    .filter(({ unit, at }) => unit === SECOND_WORKER && during(mistakes, at))
    .filter(({ at }) => mistakes.every((mistake) => !during([mistake], at) || !isTheirs(mistake, at)))
    .map(({ operation }) => fault('two workers', `the second, started by mistake, ended ${operation}`));
}
