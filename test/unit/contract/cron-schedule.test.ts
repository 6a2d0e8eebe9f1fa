import fc from 'fast-check';
import { CronSchedule, crontabFields, timesOf } from '../../../contract/cron-schedule.ts';
import { CRON, CONTROLS, SHELL } from '../../attack/hostile.ts';

const fields = (text: string) => crontabFields(CronSchedule.parse(text));

test.each([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['  30  4  * * MON-Fri ', '30 4 * * 1-5'],
  ['0,30 8-18/2 1,15 Jan,jul sun', '0,30 8-18/2 1,15 1,7 0'],
  ['*/5 * * * 7', '*/5 * * * 7'],
  ['*/59 */23 */30 */11 */7', '*/59 */23 */30 */11 */7'],
  ['0 0 31 1 *', '0 0 31 1 *'],
  ['0 0 29 2 *', '0 0 29 2 *'],
  ['0 0 31 2 1', '0 0 31 2 1'],
])('%j is written into a crontab as %s', (text, written) => {
  expect(fields(text)).toBe(written);
});

test.each([
  ...['', '*', '* * * *', '* * * * * *', '* * * * * root', '@reboot', '@every', '@', '@daily 1', '0 @daily'],
  ...[
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * 32 * *',
    '* * * 0 *',
    '* * * 13 *',
    '* * * * 8',
    '-1 * * * *',
  ],
  ...[
    '5-1 * * * *',
    '* * * * fri-mon',
    '5/10 * * * *',
    '*/0 * * * *',
    '*/60 * * * *',
    '*-5 * * * *',
    '1- * * * *',
  ],
  ...[
    ', * * * *',
    '1,,2 * * * *',
    '1, * * * *',
    '** * * * *',
    '* * * * monday',
    'jan * * * *',
    '* * * sun *',
  ],
  ...[
    '0x1 * * * *',
    '1.5 * * * *',
    '1e1 * * * *',
    '001 * * * *',
    '?',
    'L',
    '0 0 L * *',
    '0 0 * * 1#2',
    '~ * * * *',
  ],
  ...['0 0 30 2 *', '0 0 31 2,4,6,9,11 *', '0 0 31 feb */1', '*\n* * * *', '* * * * *\n', '* * * * * # x'],
  ...['١ * * * *', '* * * * *\u00a0'],
])('%j is no schedule', (text) => {
  expect(CronSchedule.safeParse(text).success).toBe(false);
});

test('what is wrong is said for its field', () => {
  const said = (text: string) => CronSchedule.safeParse(text).error?.issues[0]?.message;
  expect(said('* 25 * * *')).toBe('an hour from 0 to 23');
  expect(said('0 0 30 2 *')).toBe('a day that its month has: this one never comes');
  expect(said('@reboot')).toContain('@daily');
});

test('no hostile word is, begins, ends or stands in a schedule', () => {
  for (const word of [...CRON, ...SHELL, ...CONTROLS])
    for (const text of [word, `${word} * * * *`, `* * * * ${word}`, `* * * * *${word}`, `* *${word}* * *`])
      if (CronSchedule.safeParse(text).success) expect(fields(text)).toMatch(/^[0-9*,/ -]+$/);
});

test('whatever is taken is written in the letters of a crontab, and read again as the same', () => {
  const word = fc.stringMatching(/^(\*|[0-9]{1,2}|[a-z]{3})(-([0-9]{1,2}|[a-z]{3}))?(\/[0-9]{1,2})?$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 5, maxLength: 5 }), (words) => {
      const parsed = CronSchedule.safeParse(words.join(' '));
      if (!parsed.success) return;
      const written = crontabFields(parsed.data);
      expect(written).toMatch(/^[0-9*,/-]+( [0-9*,/-]+){4}$/);
      expect(timesOf(CronSchedule.parse(written))).toEqual(timesOf(parsed.data));
    }),
    { numRuns: 2000 },
  );
});
