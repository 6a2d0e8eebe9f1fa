/** How many verb runs, and where chance begins: `scripts/race.sh COUNT SEED`, or what CI can afford and any seed. */
export const RUNS = Number(process.env['RACE_RUNS'] ?? 80);
export const SEED = Number(process.env['RACE_SEED'] ?? Math.floor(Math.random() * 0x40000000));

/** Numbers below `end`, the same ones for the same seed. */
export function chanceFrom(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % end;
  };
}
