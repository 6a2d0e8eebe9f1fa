import type { CacheUsages } from '../../../contract/caches.ts';
import type { DomainId } from '../../../contract/ids.ts';
import { GROWING } from '../render/cache-commands.ts';
import { USAGE_KEY } from '../render/cache.ts';
import type { Redis } from '../system/resp.ts';
import { connectionsIn, tooMany } from './connections.ts';
import { drop, measure, type Held } from './measure.ts';
import { GOOD, judge, type Standing } from './verdict.ts';

export type Shares = ReadonlyMap<DomainId, number>;

type Account = { standing: Standing; dropped: number };

export type Keeper = { readonly round: (redis: Pick<Redis, 'call'>, shares: Shares) => Promise<CacheUsages> };

/** Once round: measures everybody, drops what is too much or nobody's, and says what was found. */
export function createKeeper(now: () => number): Keeper {
  const accounts = new Map<string, Account>();
  return {
    round: async (redis, shares) => {
      await endConnections(redis);
      const held = await measure(redis);
      await dropStrangers(redis, shares, held);
      for (const id of accounts.keys()) if (!shares.has(id as DomainId)) accounts.delete(id);
      const caches: CacheUsages['caches'] = [];
      for (const [id, share] of shares) {
        const account = accounts.get(id) ?? { standing: GOOD, dropped: 0 };
        accounts.set(id, account);
        const left = await keep(redis, {
          id,
          share,
          account,
          held: held.get(id),
          now,
        });
        const writesRefused = account.standing.refusedUntil !== null;
        caches.push({ id, ...left, dropped: account.dropped, writesRefused });
      }
      const usages = { observedAt: new Date(now()).toISOString(), caches };
      await redis.call('SET', USAGE_KEY, JSON.stringify(usages));
      return usages;
    },
  };
}

type Kept = {
  readonly id: DomainId;
  readonly share: number;
  readonly account: Account;
  readonly held: Held | undefined;
  readonly now: () => number;
};

/** Gives what it holds now. */
async function keep(redis: Pick<Redis, 'call'>, kept: Kept): Promise<Held> {
  const { id, share, account, held = { bytes: 0, keys: 0 }, now } = kept;
  const refusedBefore = account.standing.refusedUntil !== null;
  const verdict = judge(account.standing, { bytes: held.bytes, share, now: now() });
  account.standing = verdict.standing;
  const refused = verdict.standing.refusedUntil !== null;
  // Said again in each round: the executor may have made the account anew.
  if (refused || refusedBefore) await letGrow(redis, id, !refused);
  if (verdict.drop === 0) return held;
  const dropped = await drop(redis, { id, bytes: verdict.drop });
  account.dropped += dropped.keys;
  return { bytes: Math.max(0, held.bytes - dropped.bytes), keys: Math.max(0, held.keys - dropped.keys) };
}

/** Asked directly before, of its own: SETUSER would make anew who was deleted meanwhile. */
async function letGrow(redis: Pick<Redis, 'call'>, id: DomainId, may: boolean): Promise<void> {
  const user = `s-${id}`;
  if (!textsIn(await redis.call('ACL', 'USERS')).includes(user)) return;
  await redis.call('ACL', 'SETUSER', user, ...GROWING.map((name) => `${may ? '+' : '-'}${name}`));
}

/** Keys of a site that has no cache any more. */
async function dropStrangers(
  redis: Pick<Redis, 'call'>,
  shares: Shares,
  held: ReadonlyMap<string, Held>,
): Promise<void> {
  for (const id of held.keys()) if (!shares.has(id as DomainId)) await drop(redis, { id, bytes: 'all' });
}

async function endConnections({ call }: Pick<Redis, 'call'>): Promise<void> {
  const listed = String(await call('CLIENT', 'LIST'));
  // One that has gone meanwhile is gone.
  for (const id of tooMany(connectionsIn(listed))) await call('CLIENT', 'KILL', 'ID', id);
}

function textsIn(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
