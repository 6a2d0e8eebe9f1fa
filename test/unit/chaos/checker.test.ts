import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from '../../chaos/checker.ts';
import { SECOND_WORKER } from '../../chaos/checker-calls.ts';
import type { Call, History, OperationRow } from '../../chaos/history.ts';
import { createRandom } from '../../chaos/random.ts';
import { WEAKENINGS } from '../../chaos/weakened.ts';
import { nextWish } from '../../chaos/wishes.ts';
import { newWorld } from '../../chaos/world.ts';

const row = (more: Partial<OperationRow> = {}): OperationRow => ({
  ...{ seq: 1, id: 'o1', kind: 'domain.create', resourceType: 'domain', resource: 'd1', name: 'a.example' },
  ...{ tenant: 'default', serialKey: 'domain:d1', generation: 1, status: 'succeeded', attempt: 1 },
  ...{ startedAt: 1000, endedAt: 2000, error: null },
  ...more,
});
const next = (more: Partial<OperationRow> = {}) =>
  row({
    ...{ seq: 2, id: 'o2', kind: 'domain.update', generation: 2, startedAt: 2000, endedAt: 3000 },
    ...more,
  });
const answered = (status: number, operation: string | null = null) => ({
  at: 1,
  status,
  problem: null,
  operation,
});
const asked = (kind: OperationRow['kind'], ...answers: ReturnType<typeof answered>[]) => ({
  ...{ client: 'c', key: `key of ${answers.at(-1)?.operation ?? ''}`, kind, call: 'POST /', answers },
});
const call = (more: Partial<Call> = {}): Call => ({
  ...{ endedAt: 1900, operation: 'o1', verb: 'site.put', id: 'd1', outcome: 'succeeded' },
  ...{ durationMs: 800, waitedMs: 0 },
  ...more,
});

const GOOD: History = {
  asked: [
    asked('domain.create', answered(0), answered(503), answered(202, 'o1'), answered(202, 'o1')),
    asked('domain.update', answered(202, 'o2')),
  ],
  operations: [row(), next()],
  calls: [call(), call({ operation: 'o2', endedAt: 2900, durationMs: 1500, waitedMs: 700 })],
  finishes: [{ at: 2000, unit: 'one', operation: 'o1', attempt: 1 }],
  strikes: [{ name: 'kill nginx', from: 100, to: 200 }],
  visits: [
    { at: 50, fine: true, seen: '200 here' },
    { at: 150, fine: false, seen: 'ECONNREFUSED' },
  ],
  truths: [{ about: 'a site', expected: 'there', seen: 'there' }],
  documented: ['not_live', 'internal', 'invalid_request'],
};

const rules = (more: Partial<History>) => check({ ...GOOD, ...more }).map(({ rule }) => rule);

test('nothing is found where all went well, whatever was killed meanwhile', () => {
  expect(check(GOOD)).toEqual([]);
});

test('a client that was answered, and asked once more while parts were away, was answered', () => {
  const again = asked('domain.update', answered(202, 'o2'), answered(503));
  expect(rules({ asked: [...GOOD.asked.slice(0, 1), again] })).toEqual([]);
});

test('what waited for its turn beside another, and what never had it, was not under way when its operation ended', () => {
  const waited = call({ endedAt: 2600, durationMs: 1500, waitedMs: 1000 });
  const refused = call({ endedAt: 2600, durationMs: 1500, waitedMs: null, outcome: 'executor_unavailable' });
  expect(rules({ calls: [waited] })).toEqual([]);
  expect(rules({ calls: [refused] })).toEqual([]);
});

test('whoever asks anew while the distribution installs waits for the same installation', () => {
  const install = (more: Partial<Call>) => call({ verb: 'updates.install', ...more });
  const first = install({ endedAt: 2600, durationMs: 1500 });
  const second = install({ endedAt: 1990, durationMs: 400 });
  expect(rules({ calls: [first, second] })).toEqual([]);
});

test('to be told beforehand what a change would do is asked anew each time, and no change', () => {
  const told = (id: string, seq: number) =>
    next({
      id,
      seq,
      kind: 'change.plan',
      resourceType: 'change',
      resource: `change of ${id}`,
      generation: 1,
    });
  const plan = asked('change.plan', answered(202, 'o3'), answered(202, 'o4'), answered(404));
  const looked = next({ id: 'o5', seq: 5, kind: 'domain.drift', startedAt: 3000, endedAt: 3100 });
  const look = asked('domain.drift', answered(202, 'o5'));
  const operations = [...GOOD.operations, looked];
  // Of the last one the answer was cut off.
  const plans = [told('o3', 3), told('o4', 4), told('o6', 6)].map((one) => ({ ...one, serialKey: one.id }));
  expect(
    check({ ...GOOD, asked: [...GOOD.asked, plan, look], operations: [...operations, ...plans] }),
  ).toEqual([]);
});

const failed = (error: string | null, attempt = 1) => [row(), next({ status: 'failed', error, attempt })];

test.each<[what: string, more: Partial<History>, rule: string]>([
  ['an operation that was accepted and is not there', { operations: [row()], calls: [] }, 'lost'],
  [
    'a key that made two operations',
    { asked: [...GOOD.asked.slice(1), asked('domain.create', answered(202, 'o1'), answered(202, 'o2'))] },
    'twice',
  ],
  [
    'an operation that nobody asked for',
    { operations: [row(), next(), next({ seq: 3, id: 'o3', generation: 3, startedAt: 3000 })] },
    'unasked',
  ],
  [
    'another kind than was asked for',
    { asked: [...GOOD.asked.slice(0, 1), asked('domain.delete', answered(202, 'o2'))] },
    'unasked',
  ],
  [
    'an error that the API cannot explain',
    { asked: [...GOOD.asked, asked('key.create', answered(500))] },
    'refused oddly',
  ],
  [
    'a wish that was accepted, and refused when it was repeated',
    { asked: [GOOD.asked[0]!, asked('domain.update', answered(202, 'o2'), answered(409))] },
    'refused oddly',
  ],
  [
    'a wish that nobody ever answered',
    { asked: [...GOOD.asked, asked('key.create', answered(0))] },
    'refused oddly',
  ],
  ['an operation that still runs', { operations: [row(), next({ status: 'running' })] }, 'without an end'],
  ['one that still waits', { operations: [row(), next({ status: 'queued' })] }, 'without an end'],
  ['two of one resource at once', { operations: [row(), next({ startedAt: 1999 })] }, 'at once'],
  ['a generation twice', { operations: [row(), next({ generation: 1 })] }, 'generation'],
  ['a failure without a code', { operations: failed(null) }, 'unexplained failure'],
  ['a code that is in no document', { operations: failed('odd') }, 'unexplained failure'],
  [
    'a row that did not fit, though the API wrote it',
    { operations: failed('invalid_request') },
    'unexplained failure',
  ],
  ['an error that nobody foresaw', { operations: failed('internal') }, 'unexplained failure'],
  [
    'two requests about one resource at once',
    { calls: [call(), call({ operation: 'o2', endedAt: 2900, durationMs: 1500, waitedMs: 400 })] },
    'at once',
  ],
  [
    'an older request carried out after a newer one',
    {
      calls: [
        call({ operation: 'o2', endedAt: 2900, durationMs: 900 }),
        call({ endedAt: 4000, durationMs: 100 }),
      ],
    },
    'out of order',
  ],
  [
    'an end that was written while the work went on',
    { calls: [call({ endedAt: 2600, durationMs: 1500 })] },
    'ended meanwhile',
  ],
  [
    'an end by whoever did not hold it any more',
    { operations: [row({ attempt: 2 }), next()] },
    'ended by another',
  ],
  ['an end that was written twice', { finishes: [...GOOD.finishes, ...GOOD.finishes] }, 'ended by another'],
  [
    'a second worker at work beside the first',
    {
      finishes: [{ at: 1500, unit: SECOND_WORKER, operation: 'o1', attempt: 1 }],
      strikes: [{ name: 'second worker', from: 1000, to: 2000 }],
    },
    'two workers',
  ],
  ['a neighbour that is down', { strikes: [] }, 'neighbour'],
  ['an end that is not true', { truths: [{ about: 'a', expected: 'there', seen: 'gone' }] }, 'untrue'],
])('it finds %s', (_, more, rule) => {
  expect(rules(more)).toContain(rule);
});

test('what was killed five times in the middle may be given up', () => {
  expect(rules({ operations: failed('internal', 6) })).toEqual([]);
});

test('what goes to the trash with its tenant was asked for by asking for that', () => {
  const guest = { tenant: 't1', resource: 'd9', serialKey: 'domain:d9', id: 'o8', seq: 8, generation: 2 };
  const taken = row({ ...guest, kind: 'domain.delete' });
  const tenant = row({
    ...guest,
    id: 'o9',
    seq: 9,
    resource: 't1',
    serialKey: 'tenant:t1',
    kind: 'tenant.delete',
  });
  const wish = asked('tenant.delete', answered(202, 'o9'));
  expect(rules({ operations: [...GOOD.operations, taken, tenant], asked: [...GOOD.asked, wish] })).toEqual(
    [],
  );
  expect(rules({ operations: [...GOOD.operations, taken] })).toEqual(['unasked']);
});

test('the same seed asks for the same, and another for something else', () => {
  const wishes = (seed: number) => {
    const random = createRandom(seed);
    const world = newWorld();
    return Array.from({ length: 20 }, () => JSON.stringify(nextWish(world, random)));
  };
  expect(wishes(7)).toEqual(wishes(7));
  expect(wishes(7)).not.toEqual(wishes(8));
});

test.each(WEAKENINGS.map((one) => [one.name, one] as const))(
  'the safeguard that goes with %s is one text of the source',
  (_, { file, from }) => {
    expect(readFileSync(join(__dirname, '../../..', file), 'utf8').split(from)).toHaveLength(2);
  },
);
