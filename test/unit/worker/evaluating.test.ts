import { DEFAULT_RULES } from '../../../contract/alarms.ts';
import type { AlarmRule } from '../../../contract/alarms.ts';
import { evaluate } from '../../../worker-privileged/evaluating.ts';
import type { Standing } from '../../../worker-privileged/evaluating.ts';

const MINUTE = 60_000;
const GAP = 5 * MINUTE;
const FULL: AlarmRule = { threshold: 90, rearm: 85, minutes: 5, low: false };

/** What is told at each minute's value; null is a minute in which nothing is measured. */
function course(rule: AlarmRule, values: readonly (number | null)[], clock = (minute: number) => minute) {
  let standing: Standing | null = null;
  const told: string[] = [];
  values.forEach((value, minute) => {
    if (value === null) return;
    const now = clock(minute) * MINUTE;
    const next = evaluate(rule, standing, { value, now, gapMs: GAP });
    standing = next.standing;
    if (next.told !== null) told.push(`${next.told} ${minute}`);
  });
  return { told, standing: standing as Standing | null };
}

const of = (value: number, times: number) => Array.from({ length: times }, () => value);

test('is raised once, when it has been at the threshold for long enough', () => {
  expect(course(FULL, of(90, 5)).told).toEqual([]);
  expect(course(FULL, of(90, 6)).told).toEqual(['alarm 5']);
  expect(course(FULL, of(100, 60)).told).toEqual(['alarm 5']);
});

test('one that was less for a moment begins anew', () => {
  expect(course(FULL, [...of(95, 5), 89.9, ...of(95, 5)]).told).toEqual([]);
  expect(course(FULL, [...of(95, 5), 89.9, ...of(95, 6)]).told).toEqual(['alarm 11']);
});

test('is over once it has been at rearm for as long, and is raised again afterwards', () => {
  const values = [...of(95, 6), ...of(85, 6), ...of(95, 6)];
  expect(course(FULL, values).told).toEqual(['alarm 5', 'alarm_over 11', 'alarm 17']);
  expect(course(FULL, of(95, 6).concat(of(85, 6))).standing).toBeNull();
});

test('what trembles between the two is told once', () => {
  const values = [...of(95, 6), ...of(0, 40).map((_, minute) => (minute % 2 === 0 ? 86 : 91))];
  expect(course(FULL, values).told).toEqual(['alarm 5']);
  const flapping = [...of(95, 6), ...of(0, 40).map((_, minute) => (minute % 5 === 0 ? 95 : 10))];
  expect(course(FULL, flapping).told).toEqual(['alarm 5']);
});

test('across a gap the minutes begin anew, and a short one is none', () => {
  expect(course(FULL, [95, 95, ...of(0, 6).map(() => null), 95]).told).toEqual([]);
  expect(course(FULL, [95, 95, null, null, null, 95]).told).toEqual(['alarm 5']);
});

test('what is raised stays so across a gap, and its end begins anew', () => {
  const gap = of(0, 30).map(() => null);
  expect(course(FULL, [...of(95, 6), ...gap, 95, 95]).told).toEqual(['alarm 5']);
  expect(course(FULL, [...of(95, 6), 80, 80, ...gap, ...of(80, 5)]).told).toEqual(['alarm 5']);
  expect(course(FULL, [...of(95, 6), 80, 80, ...gap, ...of(80, 6)]).told).toEqual([
    'alarm 5',
    'alarm_over 43',
  ]);
});

test.each([
  ['forth by an hour', (minute: number) => (minute < 3 ? minute : minute + 60)],
  ['back by an hour', (minute: number) => (minute < 3 ? minute : minute - 60)],
])('a clock that is put %s raises nothing too soon', (_, clock) => {
  expect(course(FULL, of(95, 8), clock).told).toEqual([]);
  expect(course(FULL, of(95, 9), clock).told).toEqual(['alarm 8']);
});

test('where no minutes are asked for it is raised and over at once', () => {
  expect(course({ ...FULL, minutes: 0 }, [95, 80, 95, 80]).told).toEqual([
    'alarm 0',
    'alarm_over 1',
    'alarm 2',
    'alarm_over 3',
  ]);
});

test('of what is bad when there is little of it, less is worse', () => {
  const rule = DEFAULT_RULES.certificate;
  expect(course(rule, [90, 15, 14.5, 14, 3, -1, 14.9, 15, 80]).told).toEqual(['alarm 3', 'alarm_over 7']);
});
