import type { Strike } from './history.ts';

export type Rule =
  | 'lost'
  | 'twice'
  | 'unasked'
  | 'refused oddly'
  | 'without an end'
  | 'at once'
  | 'out of order'
  | 'ended meanwhile'
  | 'ended by another'
  | 'two workers'
  | 'generation'
  | 'unexplained failure'
  | 'neighbour'
  | 'untrue';

export type Fault = { readonly rule: Rule; readonly what: string };

export function fault(rule: Rule, what: string): Fault {
  return { rule, what };
}

export function* grouped<T>(list: readonly T[], keyOf: (one: T) => string): Generator<readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  yield* groups.values();
}

export function during(strikes: readonly Strike[], at: number, after = 0): boolean {
  return strikes.some(({ from, to }) => at >= from && at <= to + after);
}
