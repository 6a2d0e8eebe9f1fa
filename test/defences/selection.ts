import { dealt } from '../dealt.ts';
import { groundOf, type Defence } from './defence.ts';

/** What `scripts/defences.sh` was asked for: some by name, or a part of those that need a server, chosen by a seed. */
export type Wish = {
  readonly names: readonly string[];
  readonly part: string | undefined;
  readonly seed: number;
};

export function selected(all: readonly Defence[], { names, part, seed }: Wish): readonly Defence[] {
  const unknown = names.filter((name) => !all.some((defence) => defence.name === name));
  if (unknown.length > 0) throw new Error(`there is no defence called ${unknown.join(', ')}`);
  if (names.length > 0) return all.filter(({ name }) => names.includes(name));
  if (part === undefined) return all;
  const costly = all.filter((defence) => groundOf(defence) !== 'here');
  const chosen = new Set(dealt(shuffled(costly, seed), part));
  return all.filter((defence) => groundOf(defence) === 'here' || chosen.has(defence));
}

/** Fisher and Yates, by a generator that gives the same again for the same seed. */
function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  const result = [...items];
  let state = seed >>> 0;
  const below = (most: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * most);
  };
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = below(last + 1);
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}
