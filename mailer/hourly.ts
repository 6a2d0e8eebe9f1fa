import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { MailSite } from '../contract/mail.ts';
import { writeWhole } from './whole-files.ts';

/** How many recipients, by the minute in which they were taken. */
const Minutes = z.array(z.tuple([z.int(), z.int().min(0)])).max(61);
type Minutes = z.infer<typeof Minutes>;

export type Hourly = {
  /** How many recipients a site may still have in this hour, of `most`. */
  readonly left: (site: MailSite, most: number) => Promise<number>;
  /** Takes so many, or none: false where not all of them have room. */
  readonly take: (
    site: MailSite,
    wanted: { readonly count: number; readonly most: number },
  ) => Promise<boolean>;
};

/** Counts in files, one for each site, so that a new start is no new hour. */
export function createHourly(folder: string, now: () => number = Date.now): Hourly {
  const turns = new Map<MailSite, Promise<unknown>>();
  const minute = () => Math.floor(now() / 60_000);
  const read = async (site: MailSite) =>
    (await readMinutes(join(folder, `${site}.json`))).filter(([at]) => at > minute() - 60);
  const take = async (site: MailSite, count: number, most: number) => {
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
