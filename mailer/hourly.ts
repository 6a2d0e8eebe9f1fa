import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { MailSite } from '../contract/mail.ts';
import { writeWhole } from './whole-files.ts';

/** How many recipients, by the minute in which they were taken. */
const Minutes = z.array(z.tuple([z.int(), z.int().min(0)]));
type Minutes = z.infer<typeof Minutes>;

/** A site, or what the server itself says: of ended operations, which tenants bring about, and of all else. */
export type Counted = MailSite | 'agent' | 'agent-operations';

export type Hourly = {
  /** How many recipients a site may still have in this hour, of `most`. */
  readonly left: (site: Counted, most: number) => Promise<number>;
  /** Takes so many, or none: false where not all of them have room. */
  readonly take: (
    site: Counted,
    wanted: { readonly count: number; readonly most: number },
  ) => Promise<boolean>;
  /** How many seconds until there is room for one more. */
  readonly secondsFull: (site: Counted, most: number) => Promise<number>;
};

/** Counts in files, one for each site, so that a new start is no new hour. */
export function createHourly(folder: string, now: () => number = Date.now): Hourly {
  const turns = new Map<Counted, Promise<unknown>>();
  const minute = () => Math.floor(now() / 60_000);
  const read = async (site: Counted) =>
    // What a clock that was ahead has counted is of no hour.
    (await readMinutes(join(folder, `${site}.json`))).filter(([at]) => at > minute() - 60 && at <= minute());
  const take = async (site: Counted, count: number, most: number) => {
    const minutes = await read(site);
    if (sum(minutes) + count > most) return false;
    const before = minutes.filter(([at]) => at !== minute());
    const inThis = sum(minutes) - sum(before);
    await writeWhole(join(folder, `${site}.json`), JSON.stringify([...before, [minute(), inThis + count]]));
    return true;
  };
  return {
    left: async (site, most) => Math.max(0, most - sum(await read(site))),
    take: (site, { count, most }) => {
      const turn = (turns.get(site) ?? Promise.resolve()).then(() => take(site, count, most));
      const settled = turn
        .catch(() => undefined)
        .finally(() => turns.get(site) === settled && turns.delete(site));
      turns.set(site, settled);
      return turn;
    },
    secondsFull: async (site, most) => {
      const minutes = await read(site);
      let left = sum(minutes);
      let until = 0;
      for (const [at, count] of minutes) {
        if (left < most) break;
        left -= count;
        until = (at + 60) * 60_000;
      }
      return Math.max(0, Math.ceil((until - now()) / 1000));
    },
  };
}

async function readMinutes(path: string): Promise<Minutes> {
  try {
    return Minutes.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
}

function sum(minutes: Minutes): number {
  return minutes.reduce((all, [, count]) => all + count, 0);
}
