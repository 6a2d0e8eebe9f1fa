/** Chance that begins at a seed: the same seed gives the same again. */
export type Random = {
  /** From 0 up to, and not, 1. */
  readonly next: () => number;
  readonly below: (count: number) => number;
  readonly between: (least: number, most: number) => number;
  readonly chance: (likelihood: number) => boolean;
  readonly pick: <T>(list: readonly T[]) => T;
  readonly name: (prefix: string) => string;
};

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (count: number) => Math.floor(next() * count);
  const pick = <T>(list: readonly T[]): T => {
    if (list.length === 0) throw new Error('nothing to choose from');
    return list[below(list.length)] as T;
  };
  return {
    next,
    below,
    pick,
    between: (least, most) => least + below(most - least + 1),
    chance: (likelihood) => next() < likelihood,
    name: (prefix) => `${prefix}${next().toString(36).slice(2, 10)}`,
  };
}

/** Of a list with weights. */
export function weighted<T extends { readonly weight: number }>(random: Random, list: readonly T[]): T {
  let left = random.next() * list.reduce((sum, { weight }) => sum + weight, 0);
  for (const one of list) {
    left -= one.weight;
    if (left < 0) return one;
  }
  return random.pick(list);
}

/** One of those that fit, or null. */
export function one<T>(
  random: Random,
  list: readonly T[],
  fits: (each: T) => boolean = () => true,
): T | null {
  const fitting = list.filter(fits);
  return fitting.length === 0 ? null : random.pick(fitting);
}
