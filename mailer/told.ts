import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DRAFT, writeWhole } from './whole-files.ts';

/** Who was told of what by one letter: a file for each, which outlasts the letter. */
const Letter = z.strictObject({ at: z.int(), keys: z.array(z.string()) });

/** Longer than anybody asks again: of a day the worker looks back, and for a day and two hours it tries. */
const KEPT_MS = 4 * 86_400_000;

export type Told = {
  readonly has: (key: string) => boolean;
  /** For good before it answers. */
  readonly add: (letter: string, keys: readonly string[]) => Promise<void>;
};

/** Reads once what there is. What cannot be read is left out: somebody is rather told twice than never. */
export async function loadTold(folder: string, now: () => number = Date.now): Promise<Told> {
  const ends = new Map<string, { readonly at: number; readonly keys: readonly string[] }>();
  const known = new Map<string, number>();
  const learn = (letter: string, at: number, keys: readonly string[]) => {
    ends.set(letter, { at, keys });
    for (const key of keys) known.set(key, at);
  };
  const fileOf = (letter: string) => join(folder, `${letter}.json`);

  async function forget(): Promise<void> {
    for (const [letter, { at, keys }] of ends) {
      if (now() - at < KEPT_MS) continue;
      await rm(fileOf(letter), { force: true });
      ends.delete(letter);
      for (const key of keys) if (known.get(key) === at) known.delete(key);
    }
  }

  for (const name of await readdir(folder)) {
    const found = DRAFT.test(name) ? null : await readLetter(join(folder, name));
    if (found === null) await rm(join(folder, name), { force: true });
    else learn(name.replace(/\.json$/, ''), found.at, found.keys);
  }
  return {
    has: (key) => known.has(key),
    add: async (letter, keys) => {
      const at = now();
      await forget();
      await writeWhole(fileOf(letter), JSON.stringify({ at, keys }));
      learn(letter, at, keys);
    },
  };
}

async function readLetter(path: string): Promise<z.infer<typeof Letter> | null> {
  try {
    return Letter.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}
