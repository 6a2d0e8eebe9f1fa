import { OPERATION_RESOURCES } from '../../contract/operations.ts';
import { ready } from '../machine/agent.ts';
import { forgetPassed, passed, replaceFailpoint, titleOf, type Point } from './arming.ts';
import { placesInSource } from './places.ts';
import { carryOut, type Effect } from './one-run.ts';
import { atRest } from './server-state.ts';
import { prepared, titleOfScenario, type Prepared, type Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { isDealt, shareOf } from './share.ts';
import { closeStateRows } from './state-rows.ts';

/*
 * At every boundary that an operation passes, the process that passes it is killed, once; systemd starts it again. The
 * operation ends as one that nobody disturbed does, and the server is the same afterwards.
 */

const share = shareOf(process.env);
const only = process.env['FAILPOINTS_ONLY'] ?? '';
const seen = new Map<string, readonly Point[]>();
let ran = 0;

beforeAll(ready);
beforeAll(replaceFailpoint);
// What is made with the first of all caches, and of all certificates, is nobody's.
beforeAll(async () => {
  for (const first of ['cache.update', 'certificate.renew'])
    await prepared(SCENARIOS.find(({ kind }) => kind === first)!);
});
afterAll(closeStateRows);
afterAll(() => {
  const all = [...seen.values()].flat();
  const points = new Set(all.map(titleOf)).size;
  const { part, of, seed } = share;
  tell(
    `failpoints: ${ran}/${all.length} runs, ${points} points × ${seen.size} verbs, part ${part}/${of} seed ${seed}`,
  );
});

/** At once, and not when the last of them has ended: the whole takes hours. */
const tell = (line: string) => process.stdout.write(`${line}\n`);

/** As many at once are prepared as the worker does side by side for one tenant. */
const AT_ONCE = 4;

async function allPrepared(scenario: Scenario, count: number): Promise<readonly Prepared[]> {
  const ready: Prepared[] = [];
  while (ready.length < count) {
    const size = Math.min(AT_ONCE, count - ready.length);
    ready.push(...(await Promise.all(Array.from({ length: size }, () => prepared(scenario)))));
  }
  await atRest();
  return ready;
}

/**
 * The executor changes something between any two; of what the others pass again and again for its steps, each time with
 * the same done and to be done, the first and the last.
 */
function worthwhile(all: readonly Point[]): readonly Point[] {
  const isLast = ({ role, place, nth }: Point) =>
    !all.some((other) => other.role === role && other.place === place && other.nth > nth);
  return all.filter((point) => point.role === 'executor' || point.nth === 1 || isLast(point));
}

/** What it passes, and what it comes to, where nothing dies. */
async function undisturbed(scenario: Scenario): Promise<{ points: readonly Point[]; effect: Effect }> {
  const [one] = (await allPrepared(scenario, 1)) as [Prepared];
  forgetPassed();
  const effect = await carryOut(scenario, one);
  expect(effect.wrong).toEqual([]);
  expect(effect.end).toBe(scenario.ends ?? 'succeeded');
  return { points: worthwhile(passed()), effect };
}

/** Undisturbed, if there is no point. */
async function faultsAt(point: Point | null, it: { scenario: Scenario; one: Prepared; effect: Effect }) {
  const { scenario, one, effect } = it;
  try {
    const came = await carryOut(scenario, one, { ...(point && { point }), like: effect });
    return came.end === scenario.mayEnd ? came.wrong : differences(effect, came);
  } catch (error) {
    return [String(error)];
  }
}

function differences(was: Effect, is: Effect & { readonly wrong: readonly string[] }): readonly string[] {
  const [then, now] = [new Set(was.changed), new Set(is.changed)];
  return [
    ...is.wrong,
    ...(is.end === was.end ? [] : [`it ended ${is.end}`]),
    ...is.changed.filter((line) => !then.has(line)).map((line) => `too much: ${line}`),
    ...was.changed.filter((line) => !now.has(line)).map((line) => `missing: ${line}`),
  ];
}

test('every kind of operation has a scenario', () => {
  expect(new Set(SCENARIOS.map(({ kind }) => kind))).toEqual(new Set(Object.keys(OPERATION_RESOURCES)));
});

test.each(
  SCENARIOS.map((scenario) => ({ title: titleOfScenario(scenario), scenario })).filter(({ title }) =>
    title.startsWith(only),
  ),
)(
  '$title ends the same wherever a process dies of it',
  async ({ title, scenario }) => {
    const began = performance.now();
    const { points: all, effect } = await undisturbed(scenario);
    const points = all.filter(({ role }) => role !== 'api' || !scenario.keyless);
    seen.set(title, points);
    const mine = points.filter((point) => isDealt(share, `${title}: ${titleOf(point)}`));
    // What differs without a reason would be taken for a fault, or hide one.
    const turns = share.of === 1 ? [null, ...mine] : mine;
    const ones = await allPrepared(scenario, turns.length);
    const faults: Record<string, readonly string[]> = {};
    for (const [index, point] of turns.entries()) {
      const found = await faultsAt(point, { scenario, one: ones[index]!, effect });
      if (found.length === 0) continue;
      const where = point === null ? 'undisturbed' : titleOf(point);
      faults[where] = found;
      tell([`${title}: ${where}`, ...found.map((line) => `  ${line.slice(0, 500)}`)].join('\n'));
    }
    ran += mine.length;
    const seconds = Math.round((performance.now() - began) / 1000);
    tell(
      `${title}: ${mine.length} of ${points.length} points, ${Object.keys(faults).length} faults, ${seconds} s`,
    );
    expect(faults).toEqual({});
  },
  3_600_000,
);

test('every failpoint in the source is passed by one of them', () => {
  if (only !== '') return;
  const places = [...seen.values()].flat().map(({ place }) => place);
  expect(placesInSource().filter((place) => !places.some((passedOne) => place.test(passedOne)))).toEqual([]);
});
