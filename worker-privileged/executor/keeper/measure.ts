import type { Redis } from '../system/resp.ts';
import type { Reply } from '../system/resp-reply.ts';
import { DROP, MEASURE } from './scripts.ts';

/** What a site holds. */
export type Held = { readonly bytes: number; readonly keys: number };

/** Some two milliseconds of Redis's time. */
const SLICE = 500;

/** All that is there, by site: once through every key, in slices, between which all others are served. */
export async function measure({ call }: Pick<Redis, 'call'>): Promise<ReadonlyMap<string, Held>> {
  const held = new Map<string, Held>();
  let cursor = '0';
  do {
    const [next, ...rest] = listOf(await call('EVAL', MEASURE, 0, cursor, SLICE));
    for (let at = 0; at + 2 < rest.length; at += 3) {
      const [id, bytes, keys] = [String(rest[at]), Number(rest[at + 1]), Number(rest[at + 2])];
      const before = held.get(id) ?? { bytes: 0, keys: 0 };
      held.set(id, { bytes: before.bytes + bytes, keys: before.keys + keys });
    }
    cursor = String(next);
  } while (cursor !== '0');
  return held;
}

export type Wanted = { readonly id: string; readonly bytes: number | 'all' };

/** Drops of a site's keys, least used first as far as a slice can tell; gives how much and how many. */
export async function drop({ call }: Pick<Redis, 'call'>, { id, bytes }: Wanted): Promise<Held> {
  const dropped = { bytes: 0, keys: 0 };
  let cursor = '0';
  // A second time through where half of everything was not enough.
  let rounds = bytes === 'all' ? 1 : 4;
  while (rounds > 0 && (bytes === 'all' || dropped.bytes < bytes)) {
    const left = bytes === 'all' ? -1 : bytes - dropped.bytes;
    const [next, freed, keys] = listOf(await call('EVAL', DROP, 0, cursor, SLICE, id, left));
    dropped.bytes += Number(freed);
    dropped.keys += Number(keys);
    cursor = String(next);
    if (cursor === '0') rounds -= 1;
  }
  return dropped;
}

function listOf(reply: Reply): readonly Reply[] {
  if (typeof reply === 'object' && reply !== null) return reply;
  throw new Error('Redis answers something else than a list');
}
