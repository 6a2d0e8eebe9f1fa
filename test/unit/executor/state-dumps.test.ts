import { StateDumpName } from '../../../contract/state-dumps.ts';
import { age } from '../../../worker-privileged/executor/doctor/state-dumps.ts';
import { countAttempt } from '../../../worker-privileged/executor/system/state-dump-cap.ts';
import { momentOf, nameAt, superfluous } from '../../../worker-privileged/executor/system/state-dump-rule.ts';

const RULE = { daily: 7, weekly: 4, monthly: 6 };
const names = (...all: readonly string[]) => all.map((name) => StateDumpName.parse(name));
const daysBefore = (day: string, count: number) =>
  Array.from({ length: count }, (_, back) =>
    StateDumpName.parse(nameAt(new Date(Date.parse(`${day}T02:15:00Z`) - back * 86_400_000))),
  );

test('of a year of nights it keeps seven days, four weeks and six months', () => {
  const all = daysBefore('2026-11-30', 365);
  const gone = new Set(superfluous(all, RULE));
  expect(all.filter((name) => !gone.has(name)).map((name) => name.slice(0, 8))).toEqual([
    ...['20261130', '20261129', '20261128', '20261127', '20261126', '20261125', '20261124'],
    // Sundays, the last of their weeks.
    ...['20261122', '20261115'],
    ...['20261031', '20260930', '20260831', '20260731', '20260630'],
  ]);
});

test.each([
  ['the last of a day', names('20261130-020000', '20261130-190000'), ['20261130-020000']],
  ['what there is, however old', names('20200101-020000', '20190101-020000'), []],
  ['a week over a new year once', names('20261231-020000', '20270101-020000', '20270103-020000'), []],
])('it keeps %s', (_what, all, gone) => {
  expect(superfluous(all, RULE)).toEqual(gone);
});

test('the newest stays, whatever the rule says', () => {
  const all = daysBefore('2026-11-30', 3);
  expect(superfluous(all, { daily: 1, weekly: 0, monthly: 0 })).toEqual(all.slice(1));
});

test('what another was put in the place of is counted by itself', () => {
  const replaced = names('20261101-020000', '20261102-020000', '20261103-020000', '20261104-020000').map(
    (name) => StateDumpName.parse(`${name}-replaced`),
  );
  expect(superfluous([...replaced, ...names('20261105-020000')], RULE)).toEqual([replaced[0]]);
});

test('a name says when it was made', () => {
  const moment = new Date('2026-11-30T02:15:09.123Z');
  expect([nameAt(moment), nameAt(moment, '-replaced')]).toEqual([
    '20261130-021509',
    '20261130-021509-replaced',
  ]);
  expect(momentOf(StateDumpName.parse('20261130-021509-replaced')).toISOString()).toBe(
    '2026-11-30T02:15:09.000Z',
  );
});

test.each([
  '',
  '../x',
  '20261130-021509/..',
  '20261130',
  '20261130-021509-other',
  '20261130-021509\n',
  '.draft',
])('refuses the name %j of a dump', (name) => expect(StateDumpName.safeParse(name).success).toBe(false));

test('so many are tried in a day, whoever asks, and a record that cannot be read allows none', async () => {
  let record: string | null = null;
  let now = Date.parse('2026-11-30T00:00:00Z');
  const tools = {
    files: {
      read: () => Promise.resolve(record),
      replace: (_path: string, text: string) => {
        record = text;
        return Promise.resolve(() => Promise.resolve());
      },
    },
    now: () => new Date(now),
  };
  for (let times = 0; times < 12; times += 1) await countAttempt(tools);
  await expect(countAttempt(tools)).rejects.toMatchObject({ failure: { code: 'limit_reached' } });
  now += 86_400_000;
  await countAttempt(tools);
  record = 'nonsense';
  await expect(countAttempt(tools)).rejects.toThrow();
});

test.each([
  ['none, and there was time for one', [], 3, ["There is no dump of the agent's state."]],
  ['none, on a server that is new', [], 1, []],
  ['one of yesterday', names('20261129-020000'), 9, []],
  [
    'one of three days ago',
    names('20261127-020000', '20261101-020000'),
    9,
    ["The newest dump of the agent's state, 20261127-020000, is 3 days old."],
  ],
])('doctor looks at how old they are: %s', (...[, all, days, sentences]) => {
  const now = Date.parse('2026-11-30T12:00:00Z');
  const found = age({ names: all, since: now - days * 86_400_000, now });
  expect(found.map(({ sentence }) => sentence)).toEqual(sentences);
});
