import type { CronTimes } from '../../contract/cron-schedule.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A 29 February on one day of the week comes once in 40 years where a century ends. */
const MOST_DAYS = 41 * 366;
/** What cron takes for a change of the clocks rather than for a clock that was set. */
const LONGEST_GAP_MINUTES = 180;

/**
 * When a schedule runs next, as Debian's cron goes by it in a time zone. Where the clocks are set forward, what falls
 * into the hour that is not runs as soon as it is over, unless its minute or its hour begins with `*`; where they are
 * set back, it runs the first time only, with the same exception.
 */
export function nextTimes(times: CronTimes, { after, zone, count }: Ask): Date[] {
  const clock = createClock(zone);
  const floats = times.minute.star || times.hour.star;
  const found = new Set<number>();
  const today = Math.floor(clock.localOf(after.getTime()) / DAY_MS) * DAY_MS;
  let enough = 0;
  for (let day = today - DAY_MS; day < today + MOST_DAYS * DAY_MS && enough < 2; day += DAY_MS) {
    if (found.size >= count) enough += 1;
    if (!runsOn(times, new Date(day))) continue;
    const soonest = clock.localOf(after.getTime()) - LONGEST_GAP_MINUTES * MINUTE_MS;
    for (const local of minutesOf(times, day).filter((each) => each >= soonest)) {
      if (found.size >= count * 3) break;
      const instants = instantsOf(clock, local, floats);
      instants.filter((instant) => instant > after.getTime()).forEach((instant) => found.add(instant));
    }
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

/** Either of the two kinds of day, where both are said; both, where one of them begins with `*`. */
function runsOn({ day, month, weekday }: CronTimes, date: Date): boolean {
  if (!month.values.has(date.getUTCMonth() + 1)) return false;
  const [ofMonth, ofWeek] = [day.values.has(date.getUTCDate()), weekday.values.has(date.getUTCDay())];
  return day.star || weekday.star ? ofMonth && ofWeek : ofMonth || ofWeek;
}

function minutesOf({ hour, minute }: CronTimes, day: number): number[] {
  const [hours, minutes] = [hour, minute].map(({ values }) => [...values].sort((a, b) => a - b));
  return (hours ?? []).flatMap((h) => (minutes ?? []).map((m) => day + (h * 60 + m) * MINUTE_MS));
}

/** Times of a zone's own clocks, as if they were those of UTC. */
type Clock = { readonly localOf: (instant: number) => number };

function createClock(zone: string): Clock {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', era: 'short' },
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
  });
  return {
    localOf: (instant) => {
      const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
      const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
      return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'));
    },
  };
}

function instantsOf(clock: Clock, local: number, floats: boolean): number[] {
  const instants = exactly(clock, local);
  if (floats) return instants;
  if (instants.length > 0) return instants.slice(0, 1);
  // Not on the clock that day: as soon as the clock goes on.
  for (let back = 1; back <= LONGEST_GAP_MINUTES; back += 1) {
    const before = exactly(clock, local - back * MINUTE_MS);
    if (before.length > 0) return [(before.at(-1) ?? 0) + MINUTE_MS];
  }
  return [];
}

/** When the clock shows it: once, twice where it was set back, never where it was set forward. */
function exactly({ localOf }: Clock, local: number): number[] {
  const offsets = [local - DAY_MS, local + DAY_MS].map((near) => localOf(near) - near);
  const instants = [...new Set(offsets)].map((offset) => local - offset);
  return instants.filter((instant) => localOf(instant) === local).sort((a, b) => a - b);
}
