import type { StateDumpName } from '../../../contract/state-dumps.ts';

/** Of how many days, weeks and months one is kept: of each that has one, the last. */
export type KeepingRule = { readonly daily: number; readonly weekly: number; readonly monthly: number };

/** Of those that another was put in the place of. */
const REPLACED_KEPT = 3;

/**
 * Which may go, of those that are whole. The newest never does, whatever the rule says; and counted are days that have one, so
 * that a server which made none for a month keeps what it has.
 */
export function superfluous(
  names: readonly StateDumpName[],
  { daily, weekly, monthly }: KeepingRule,
): readonly StateDumpName[] {
  const newestFirst = [...names].sort().reverse();
  const replaced = newestFirst.filter(isReplaced);
  const regular = newestFirst.filter((name) => !isReplaced(name));
  const kept = new Set([
    ...regular.slice(0, 1),
    ...lastOfEach(regular, dayOf, daily),
    ...lastOfEach(regular, weekOf, weekly),
    ...lastOfEach(regular, monthOf, monthly),
    ...replaced.slice(0, REPLACED_KEPT),
  ]);
  return newestFirst.filter((name) => !kept.has(name));
}

export function isReplaced(name: StateDumpName): boolean {
  return name.endsWith('-replaced');
}

/** As it is named that is made at that moment. */
export function nameAt(moment: Date, ending: '' | '-replaced' = ''): string {
  const [day = '', time = ''] = moment.toISOString().slice(0, 19).replace(/[-:]/g, '').split('T');
  return `${day}-${time}${ending}`;
}

export function momentOf(name: StateDumpName): Date {
  return new Date(name.replace(/^(....)(..)(..)-(..)(..)(..).*$/, '$1-$2-$3T$4:$5:$6Z'));
}

function lastOfEach(
  newestFirst: readonly StateDumpName[],
  spanOf: (name: StateDumpName) => string,
  most: number,
): readonly StateDumpName[] {
  const last = new Map<string, StateDumpName>();
  for (const name of newestFirst) if (!last.has(spanOf(name))) last.set(spanOf(name), name);
  return [...last.values()].slice(0, most);
}

const dayOf = (name: StateDumpName) => name.slice(0, 8);
const monthOf = (name: StateDumpName) => name.slice(0, 6);

/** By its Monday. */
function weekOf(name: StateDumpName): string {
  const day = momentOf(name);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
}
