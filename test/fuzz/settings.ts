/** How many cases, and where chance begins: `scripts/fuzz.sh COUNT SEED`, or what CI can afford and any seed. */
export const CASES = Number(process.env['FUZZ_CASES'] ?? 50_000);
export const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 0x40000000));

/** For a person who reads the run; jest's own console would print where it was called. */
export function say(words: string): void {
  process.stdout.write(`${words}\n`);
}
