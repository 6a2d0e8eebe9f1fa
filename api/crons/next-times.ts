import type { CronTimes } from '../../contract/cron-schedule.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A 29 February on one day of the week comes once in 40 years where a century ends. */
const MOST_MONTHS = 41 * 12;
/** What cron takes for a change of the clocks rather than for a clock that was set. */
const LONGEST_GAP_MS = 180 * MINUTE_MS;

/**
 * When a schedule runs next, as Debian's cron goes by it in a time zone. Where the clocks are set forward, what falls
 * into the hour that is not runs as soon as it is over, unless its minute or its hour begins with `*`; where they are
 * set back, it runs the first time only, with the same exception. It is looked at the days alone that it may run on, for
 * whoever asks for a page of schedules lets everybody else wait.
 */
export function nextTimes(times: CronTimes, { after, zone, count }: Ask): Date[] {
  const offsetAt = clockOf(zone);
  const now = after.getTime();
  const floats = times.minute.star || times.hour.star;
  const minutes = minutesOf(times);
  const found = new Set<number>();
  for (const day of daysOf(times, now + offsetAt(now) - DAY_MS)) {
    // What the clocks were set by may bring a time of the next day before one of this.
    const isLast = found.size >= count;
    const shift = shiftAround(offsetAt, day);
    let ofDay = 0;
    for (const minute of minutes) {
      const later = instantsOf(shift, day + minute, floats).filter((instant) => instant > now);
      for (const instant of later) found.add(instant);
      ofDay += later.length;
      if (ofDay >= count && !isShifting(shift)) break;
    }
    if (isLast) break;
  }
  return [...found]
    .sort((a, b) => a - b)
    .slice(0, count)
    .map((instant) => new Date(instant));
}

export interface Ask {
  readonly after: Date;
  readonly zone: string;
  readonly count: number;
}

/**
 * The days that it runs on, from one on. Either of the two kinds of day, where both are said; both, where one of them
 * begins with `*`.
 */
function* daysOf({ day, month, weekday }: CronTimes, from: number): Generator<number> {
  const first = new Date(from);
  const year = first.getUTCFullYear();
  const both = day.star || weekday.star;
  for (let at = first.getUTCMonth(); at < first.getUTCMonth() + MOST_MONTHS; at += 1) {
    if (!month.values.has((at % 12) + 1)) continue;
    const length = new Date(Date.UTC(year, at + 1, 0)).getUTCDate();
    for (let date = 1; date <= length; date += 1) {
      const ofMonth = day.values.has(date);
      if (both && !ofMonth) continue;
      const begin = Date.UTC(year, at, date);
      const ofWeek = weekday.values.has(new Date(begin).getUTCDay());
      if (begin > from - DAY_MS && (ofWeek || (ofMonth && !both))) yield begin;
    }
  }
}

/** Of a day, from its beginning. */
function minutesOf({ hour, minute }: CronTimes): number[] {
  const [hours = [], minutes = []] = [hour, minute].map(({ values }) => [...values].sort((a, b) => a - b));
  return hours.flatMap((h) => minutes.map((m) => (h * 60 + m) * MINUTE_MS));
}

/** By how much the clocks of a zone are before those of UTC. */
type OffsetAt = (instant: number) => number;

/** Making one costs more than asking it; there are as many as there are zones. */
const CLOCKS = new Map<string, OffsetAt>();

function clockOf(zone: string): OffsetAt {
  const known = CLOCKS.get(zone) ?? createClock(zone);
  CLOCKS.set(zone, known);
  return known;
}

function createClock(zone: string): OffsetAt {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', era: 'short' },
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
  });
  return (instant) => {
    const whole = Math.floor(instant / MINUTE_MS) * MINUTE_MS;
    const parts = new Map(format.formatToParts(whole).map(({ type, value }) => [type, Number(value)]));
    const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute')) - whole;
  };
}

/** The offsets from one instant on, and before it. */
interface Shift {
  readonly before: number;
  readonly after: number;
  readonly at: number;
}

/** That of a day and what is around it: the clocks are set once in that time, or not. */
function shiftAround(offsetAt: OffsetAt, day: number): Shift {
  let [low, high] = [day - DAY_MS, day + 2 * DAY_MS];
  const [before, after] = [offsetAt(low), offsetAt(high)];
  while (before !== after && high - low > MINUTE_MS) {
    const middle = Math.floor((low + high) / 2 / MINUTE_MS) * MINUTE_MS;
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return { before, after, at: high };
}

function isShifting({ before, after }: Shift): boolean {
  return before !== after;
}

/** When the clock shows it: once, twice where it was set back, and where it was set forward never, or afterwards. */
function instantsOf(shift: Shift, local: number, floats: boolean): number[] {
  if (!isShifting(shift)) return [local - shift.before];
  const { before, after, at } = shift;
  const instants = [
    ...(local - before < at ? [local - before] : []),
    ...(local - after >= at ? [local - after] : []),
  ];
  if (floats || instants.length > 0) return floats ? instants : instants.slice(0, 1);
  return after - before <= LONGEST_GAP_MS ? [at] : [];
}
