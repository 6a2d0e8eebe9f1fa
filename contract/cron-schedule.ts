import { z } from 'zod';

/** One of the five fields: which values it has, and whether it begins with `*`, which cron gives a meaning of its own. */
export type CronField = {
  readonly star: boolean;
  readonly values: ReadonlySet<number>;
  readonly text: string;
};

export type CronTimes = {
  readonly minute: CronField;
  readonly hour: CronField;
  readonly day: CronField;
  readonly month: CronField;
  /** 0 is Sunday, and 7 is too. */
  readonly weekday: CronField;
};

/** `@reboot` is not among them: what runs at a start of the server is a queue. */
const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
]);

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

type Bounds = {
  readonly what: string;
  readonly low: number;
  readonly high: number;
  /** The first stands for `low`. */
  readonly names?: readonly string[];
};

const BOUNDS: { readonly [F in keyof CronTimes]: Bounds } = {
  minute: { what: 'a minute', low: 0, high: 59 },
  hour: { what: 'an hour', low: 0, high: 23 },
  day: { what: 'a day of the month', low: 1, high: 31 },
  month: { what: 'a month', low: 1, high: 12, names: MONTHS },
  weekday: { what: 'a day of the week', low: 0, high: 7, names: WEEKDAYS },
};
const FIELDS = Object.keys(BOUNDS) as readonly (keyof CronTimes)[];

const LONGEST_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

class ScheduleError extends Error {}

/** As Debian's cron reads it, and stricter where cron passes over what it does not understand. */
export function readSchedule(text: string): { readonly times: CronTimes } | { readonly problem: string } {
  try {
    const words = (NICKNAMES.get(text.toLowerCase()) ?? text).split(/[ \t]+/).filter(Boolean);
    if (words.length !== 5) throw new ScheduleError(FORM);
    const read = FIELDS.map((field, at) => [field, readField(words[at] ?? '', BOUNDS[field])]);
    const times = Object.fromEntries(read) as CronTimes;
    requirePossible(times);
    return { times };
  } catch (error) {
    if (error instanceof ScheduleError) return { problem: error.message };
    throw error;
  }
}

const FORM =
  'five fields (minute, hour, day of the month, month, day of the week) such as 30 4 * * 1-5, or @hourly, @daily, @weekly, @monthly, @yearly';

/**
 * When a cron runs, in the form in which it is kept: small letters, single blanks. What is written into a crontab is
 * made anew of the numbers it was understood as; see `crontabFields`.
 */
export const CronSchedule = z
  .string()
  .max(200)
  .regex(/^[ 0-9A-Za-z*,/@-]*$/, FORM)
  .meta({ examples: ['*/5 * * * *', '30 4 1-7 * MON', '@daily'] })
  .transform((text) =>
    text
      .toLowerCase()
      .split(/[ \t]+/)
      .filter(Boolean)
      .join(' '),
  )
  .superRefine((text, context) => {
    const read = readSchedule(text);
    if ('problem' in read) context.addIssue({ code: 'custom', message: read.problem });
  })
  .brand<'CronSchedule'>();
export type CronSchedule = z.infer<typeof CronSchedule>;

export function timesOf(schedule: CronSchedule): CronTimes {
  const read = readSchedule(schedule);
  if ('problem' in read) throw new Error('a schedule that was parsed is none');
  return read.times;
}

/** The five fields as a crontab has them: numbers, `*`, `-`, `,` and `/`, whatever was asked for in names. */
export function crontabFields(schedule: CronSchedule): string {
  const times = timesOf(schedule);
  return FIELDS.map((field) => times[field].text).join(' ');
}

function readField(text: string, bounds: Bounds): CronField {
  const parts = text.split(',').map((part) => readPart(part, bounds));
  const values = parts.flatMap((part) => part.values);
  return {
    star: text.startsWith('*'),
    values: new Set(bounds === BOUNDS.weekday ? values.map((value) => value % 7) : values),
    text: parts.map((part) => part.text).join(','),
  };
}

function readPart(part: string, bounds: Bounds): { readonly values: number[]; readonly text: string } {
  const [, from = '', to, by] = /^(\*|[0-9a-z]+)(?:-([0-9a-z]+))?(?:\/([0-9]+))?$/.exec(part) ?? [];
  const { what, high } = bounds;
  if (from === '' || (from === '*' && to !== undefined))
    throw new ScheduleError(`${what} such as ${bounds.low}, *, ${bounds.low}-${high} or */2`);
  if (by !== undefined && from !== '*' && to === undefined)
    throw new ScheduleError(`a step through a range, such as */${by} or ${from}-${high}/${by}`);
  const first = from === '*' ? bounds.low : numberOf(from, bounds);
  const last = from === '*' ? highest(bounds) : to === undefined ? first : numberOf(to, bounds);
  if (last < first) throw new ScheduleError(`${what} from the lower to the higher, ${last}-${first}`);
  const step = by === undefined ? 1 : stepOf(by, bounds);
  const range = from === '*' ? '*' : to === undefined ? String(first) : `${first}-${last}`;
  const values = Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, at) => first + at * step);
  return { values, text: by === undefined ? range : `${range}/${step}` };
}

/** Seven is Sunday a second time: of all days it is none. */
function highest(bounds: Bounds): number {
  return bounds === BOUNDS.weekday ? 6 : bounds.high;
}

function numberOf(word: string, { what, low, high, names }: Bounds): number {
  const named = names?.indexOf(word) ?? -1;
  const value = named >= 0 ? named + low : /^[0-9]{1,2}$/.test(word) ? Number(word) : NaN;
  if (value >= low && value <= high) return value;
  const also = names === undefined ? '' : ` or ${names[0] ?? ''} to ${names.at(-1) ?? ''}`;
  throw new ScheduleError(`${what} from ${low} to ${high}${also}`);
}

/** Further than the field is wide it would be the first value alone, which is not what anybody means by it. */
function stepOf(word: string, { what, low, high }: Bounds): number {
  const step = /^[0-9]{1,2}$/.test(word) ? Number(word) : NaN;
  if (step >= 1 && step <= high - low) return step;
  throw new ScheduleError(`a step from 1 to ${high - low} in what stands for ${what}`);
}

/** A day that no month of the schedule has. With days of the week beside it, those are when it runs. */
function requirePossible({ day, month, weekday }: CronTimes): void {
  if (!weekday.star) return;
  const longest = Math.max(...[...month.values].map((each) => LONGEST_MONTH[each - 1] ?? 0));
  if (Math.min(...day.values) > longest)
    throw new ScheduleError('a day that its month has: this one never comes');
}
