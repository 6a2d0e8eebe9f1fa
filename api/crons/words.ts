import type { CronField, CronTimes } from '../../contract/cron-schedule.ts';

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
];
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MOST_TIMES = 6;

/** A schedule as a person would say it. */
export function inWords(times: CronTimes): string {
  return [clock(times), days(times), months(times)].filter(Boolean).join(' ');
}

function clock({ minute, hour }: CronTimes): string {
  const [minutes, hours] = [sorted(minute), sorted(hour)];
  if (minutes.length * hours.length <= MOST_TIMES && !hour.star)
    return `at ${listed(hours.flatMap((h) => minutes.map((m) => `${two(h)}:${two(m)}`)))}`;
  const within = ofHour(minutes);
  if (hours.length === 24) return within;
  const every = evenly(hours, 24);
  if (every !== undefined && every > 1) return `${within} of every ${ordinal(every)} hour`.replace(ALL, '$1');
  return `${within} of the hours ${listed(runs(hours).map((run) => span(run, two)))}`.replace(ALL, '$1');
}

/** `every minute of the hours …`, and `every 15 minutes of the hours …`, are said without the hour before. */
const ALL = /^(.*) of every hour(?= of )/;

function ofHour(minutes: readonly number[]): string {
  const every = evenly(minutes, 60);
  if (every === 1) return 'every minute';
  if (every !== undefined && every < 60) return `every ${every} minutes`;
  const named = runs(minutes).map((run) => span(run, String));
  return `at minute${minutes.length > 1 ? 's' : ''} ${listed(named)} of every hour`;
}

function days({ day, weekday }: CronTimes): string {
  const ofMonth = day.values.size === 31 ? '' : `on the ${listed(sorted(day).map(ordinal))} of the month`;
  const names = runs(mondayFirst(weekday)).map((run) => span(run, (at) => WEEKDAYS[at % 7] ?? ''));
  const ofWeek = weekday.values.size === 7 ? '' : `on ${listed(names)}`;
  if (day.star || weekday.star) {
    if (ofMonth !== '' && ofWeek !== '') return `${ofMonth}, if it is a ${ofWeek.slice(3)}`;
    return ofMonth + ofWeek;
  }
  // Where either is enough, one that is every day is all that counts.
  return ofMonth === '' || ofWeek === '' ? '' : `${ofMonth} and ${ofWeek}`;
}

function months({ month }: CronTimes): string {
  if (month.values.size === 12) return '';
  return `in ${listed(runs(sorted(month)).map((run) => span(run, (at) => MONTHS[at - 1] ?? '')))}`;
}

function sorted({ values }: CronField): number[] {
  return [...values].sort((a, b) => a - b);
}

function mondayFirst({ values }: CronField): number[] {
  return [...values].map((value) => value || 7).sort((a, b) => a - b);
}

/** How far apart they are, where they are so all around the clock from 0. */
function evenly(values: readonly number[], size: number): number | undefined {
  const step = size / values.length;
  return Number.isInteger(step) && values.every((value, at) => value === at * step) ? step : undefined;
}

type Span = readonly [first: number, last: number];

function runs(values: readonly number[]): Span[] {
  const found: [number, number][] = [];
  for (const value of values) {
    const last = found.at(-1);
    if (last?.[1] === value - 1) last[1] = value;
    else found.push([value, value]);
  }
  return found.flatMap(([first, last]) =>
    last - first === 1 ? [[first, first] as const, [last, last] as const] : [[first, last] as const],
  );
}

function span([first, last]: Span, name: (value: number) => string): string {
  return first === last ? name(first) : `${name(first)} to ${name(last)}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function ordinal(value: number): string {
  const teen = value % 100 > 10 && value % 100 < 14;
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
  return `${value}${ending}`;
}
