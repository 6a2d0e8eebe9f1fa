import { inWords } from '../../../api/crons/words.ts';
import { CronSchedule, timesOf } from '../../../contract/cron-schedule.ts';

const words = (schedule: string) => inWords(timesOf(CronSchedule.parse(schedule)));

test.each([
  ['* * * * *', 'every minute'],
  ['*/15 * * * *', 'every 15 minutes'],
  ['@hourly', 'at minute 0 of every hour'],
  ['5,35 * * * *', 'at minutes 5 and 35 of every hour'],
  ['*/7 * * * *', 'at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour'],
  ['@daily', 'at 00:00'],
  ['30 4 * * 1-5', 'at 04:30 on Monday to Friday'],
  ['0 2,14 * * *', 'at 02:00 and 14:00'],
  ['0 */2 * * *', 'at minute 0 of every 2nd hour'],
  ['*/10 */6 * * *', 'every 10 minutes of every 6th hour'],
  ['* 8-17 * * *', 'every minute of the hours 08 to 17'],
  ['*/5 8-17 * * mon-fri', 'every 5 minutes of the hours 08 to 17 on Monday to Friday'],
  ['5,35 8-17 * * *', 'at minutes 5 and 35 of the hours 08 to 17'],
  ['@weekly', 'at 00:00 on Sunday'],
  ['0 0 * * 6,7', 'at 00:00 on Saturday and Sunday'],
  ['@monthly', 'at 00:00 on the 1st of the month'],
  ['@yearly', 'at 00:00 on the 1st of the month in January'],
  [
    '0 12 1,15,22,23,31 jan,jul *',
    'at 12:00 on the 1st, 15th, 22nd, 23rd and 31st of the month in January and July',
  ],
  ['0 0 13 * 5', 'at 00:00 on the 13th of the month and on Friday'],
  ['0 0 */10 * 5', 'at 00:00 on the 1st, 11th, 21st and 31st of the month, if it is a Friday'],
  ['0 0 1-31 * 5', 'at 00:00'],
])('%s is said as: %s', (schedule, said) => {
  expect(words(schedule)).toBe(said);
});
