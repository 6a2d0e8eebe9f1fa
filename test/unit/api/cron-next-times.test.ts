import { nextTimes } from '../../../api/crons/next-times.ts';
import { CronSchedule, timesOf } from '../../../contract/cron-schedule.ts';

const BERLIN = 'Europe/Berlin';

const next = (schedule: string, after: string, zone = BERLIN) =>
  nextTimes(timesOf(CronSchedule.parse(schedule)), { after: new Date(after), zone, count: 3 }).map((date) =>
    date.toISOString().replace(':00.000Z', 'Z'),
  );

test('the next minute is one that has not begun', () => {
  expect(next('* * * * *', '2026-03-01T10:00:30Z')).toEqual([
    ...['2026-03-01T10:01Z', '2026-03-01T10:02Z', '2026-03-01T10:03Z'],
  ]);
  expect(next('* * * * *', '2026-03-01T10:00:00Z')[0]).toBe('2026-03-01T10:01Z');
});

test('a time of day is the server’s, in winter and in summer', () => {
  expect(next('30 4 * * *', '2026-01-10T12:00Z')[0]).toBe('2026-01-11T03:30Z');
  expect(next('30 4 * * *', '2026-07-10T12:00Z')[0]).toBe('2026-07-11T02:30Z');
  expect(next('30 4 * * *', '2026-07-10T12:00Z', 'UTC')[0]).toBe('2026-07-11T04:30Z');
});

test('either of two kinds of day will do, but where one of them begins with a star', () => {
  // 13 March 2026 is a Friday, the 13th of April a Monday.
  expect(next('0 0 13 * 5', '2026-03-07T00:00Z', 'UTC')).toEqual([
    ...['2026-03-13T00:00Z', '2026-03-20T00:00Z', '2026-03-27T00:00Z'],
  ]);
  expect(next('0 0 */12 * 5', '2026-03-07T00:00Z', 'UTC')).toEqual([
    ...['2026-03-13T00:00Z', '2026-05-01T00:00Z', '2026-09-25T00:00Z'],
  ]);
});

test('in the hour that comes twice what runs by the minute runs in all of it', () => {
  expect(next('* * * * *', '2026-10-25T00:30Z')).toEqual([
    ...['2026-10-25T00:31Z', '2026-10-25T00:32Z', '2026-10-25T00:33Z'],
  ]);
  expect(next('* * * * *', '2026-10-25T01:30Z')[0]).toBe('2026-10-25T01:31Z');
  expect(next('15 23 * * *', '2026-10-31T12:00Z', 'Africa/Cairo')[0]).toBe('2026-10-31T21:15Z');
});

describe('a schedule is found out by a few looks, at the calendar and at the clock', () => {
  afterEach(() => jest.restoreAllMocks());

  function looks(schedule: string, after: string): { readonly calendar: number; readonly clock: number } {
    const times = timesOf(CronSchedule.parse(schedule));
    const [months, days] = [times.month, times.day].map(({ values }) =>
      jest.spyOn(values as Set<number>, 'has'),
    );
    const clock = jest.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    nextTimes(times, { after: new Date(after), zone: BERLIN, count: 3 });
    const calendar = (months?.mock.calls.length ?? 0) + (days?.mock.calls.length ?? 0);
    return { calendar, clock: clock.mock.calls.length };
  }

  test.each([
    ['that comes once in forty years', '0 0 29 2 */7', '2026-06-01T00:00Z'],
    ['of every minute', '* * * * *', '2026-06-01T12:00Z'],
    ['of each minute by number, where the clocks go forward', '0-59 0-23 * * *', '2026-03-28T23:00Z'],
    ['of every minute, where they go back', '* * * * *', '2026-10-25T00:30Z'],
  ])('one %s', (_what, schedule, after) => {
    const { calendar, clock } = looks(schedule, after);
    expect(calendar).toBeLessThan(2000);
    expect(clock).toBeLessThan(80);
  });
});

test('0 and 7 are both Sunday', () => {
  expect(next('0 0 * * 7', '2026-03-07T00:00Z', 'UTC')).toEqual(
    next('0 0 * * 0', '2026-03-07T00:00Z', 'UTC'),
  );
  expect(next('0 0 * * 5-7', '2026-03-05T00:00Z', 'UTC')).toEqual([
    ...['2026-03-06T00:00Z', '2026-03-07T00:00Z', '2026-03-08T00:00Z'],
  ]);
});

test('a day that comes once in four years is found', () => {
  expect(next('0 0 29 2 *', '2026-01-01T00:00Z', 'UTC')).toEqual([
    ...['2028-02-29T00:00Z', '2032-02-29T00:00Z', '2036-02-29T00:00Z'],
  ]);
  expect(next('0 0 29 feb *', '2097-01-01T00:00Z', 'UTC')[0]).toBe('2104-02-29T00:00Z');
});

test('where the clocks go forward, what falls into the hour that is not runs when it is over', () => {
  expect(next('30 2 * * *', '2026-03-28T12:00Z')).toEqual([
    ...['2026-03-29T01:00Z', '2026-03-30T00:30Z', '2026-03-31T00:30Z'],
  ]);
  // One that runs by the clock's minutes or hours has nothing to make up for.
  expect(next('30 * * * *', '2026-03-29T00:00Z')).toEqual([
    ...['2026-03-29T00:30Z', '2026-03-29T01:30Z', '2026-03-29T02:30Z'],
  ]);
  expect(next('*/30 2 * * *', '2026-03-28T12:00Z')).toEqual([
    ...['2026-03-30T00:00Z', '2026-03-30T00:30Z', '2026-03-31T00:00Z'],
  ]);
});

test('where they go back, a time of day comes once, and what runs by the hour runs in both', () => {
  expect(next('30 2 * * *', '2026-10-24T12:00Z')).toEqual([
    ...['2026-10-25T00:30Z', '2026-10-26T01:30Z', '2026-10-27T01:30Z'],
  ]);
  expect(next('30 * * * *', '2026-10-25T00:00Z')).toEqual([
    ...['2026-10-25T00:30Z', '2026-10-25T01:30Z', '2026-10-25T02:30Z'],
  ]);
});

test('clocks that are set by half an hour, or at midnight, are gone by too', () => {
  expect(next('15 2 * * *', '2026-10-03T00:00Z', 'Australia/Lord_Howe')[0]).toBe('2026-10-03T15:30Z');
  expect(next('0 0 * * *', '2026-04-23T12:00Z', 'Africa/Cairo')[0]).toBe('2026-04-23T22:00Z');
});
