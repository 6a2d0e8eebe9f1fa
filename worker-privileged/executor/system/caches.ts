import { CacheUsages } from '../../../contract/caches.ts';
import { FailureError } from '../../../contract/failures.ts';
import type { DomainId } from '../../../contract/ids.ts';
import type { Undo } from '../ensure.ts';
import { drop } from '../keeper/measure.ts';
import { memoryFor, USAGE_KEY } from '../render/cache.ts';
import {
  cacheFiles,
  readCacheRegister,
  sharesOf,
  writeCacheFiles,
  type CacheEntry,
  type CacheRegister,
} from './cache-files.ts';
import { lookAtAccount, putAccount, withCacheRedis } from './cache-redis.ts';
import type { CacheService } from './cache-service.ts';
import type { Files } from './files.ts';
import type { Limits } from './limits.ts';
import type { Locks } from './locks.ts';
import type { ConnectRedis } from './resp.ts';

/** The sites' caches: one Redis for all, an account and a share of its memory for each. */
export type Caches = {
  readonly read: () => Promise<CacheRegister>;
  /** What is not as wanted; null where nothing is. Null is wanted where there shall be no cache. */
  readonly look: (id: DomainId, wanted: CacheEntry | null) => Promise<string | null>;
  /** Throws `invalid_request` where root's limit has no room for it. */
  readonly put: (id: DomainId, wanted: CacheEntry | null) => Promise<Undo>;
  /** What was measured last; null where no cache is, or none was measured yet. */
  readonly usages: () => Promise<CacheUsages | null>;
};

type Tools = {
  readonly files: Pick<Files, 'read' | 'replace'>;
  readonly locks: Locks;
  readonly limits: () => Promise<Limits>;
  readonly service: CacheService;
  readonly connect: ConnectRedis;
};

export function createCaches(tools: Tools): Caches {
  const read = () => readCacheRegister(tools);
  const put = (id: DomainId, wanted: CacheEntry | null): Promise<Undo> =>
    tools.locks.during('caches', async () => {
      const before = await read();
      const after = new Map(before);
      after.delete(id);
      if (wanted !== null) after.set(id, wanted);
      await requireRoom(tools, before, after);
      try {
        await writeCacheFiles(tools, after);
        await bringAbout(tools, after, id);
      } catch (cause) {
        await writeCacheFiles(tools, before);
        throw cause;
      }
      return async () => {
        await put(id, before.get(id) ?? null);
      };
    });
  return {
    read,
    put,
    look: async (id, wanted) => (await lookAtFiles(tools, id, wanted)) ?? lookAtRunning(tools, id, wanted),
    usages: async () => {
      if ((await read()).size === 0) return null;
      const text = await withCacheRedis(tools, ({ call }) => call('GET', USAGE_KEY));
      return text === null ? null : CacheUsages.parse(JSON.parse(String(text)));
    },
  };
}

async function lookAtFiles(tools: Tools, id: DomainId, wanted: CacheEntry | null): Promise<string | null> {
  const register = await readCacheRegister(tools);
  if (JSON.stringify(register.get(id) ?? null) !== JSON.stringify(wanted))
    return 'another cache is registered';
  if (register.size === 0) return null;
  for (const [path, text] of await cacheFiles(tools, register))
    if ((await tools.files.read(path)) !== text) return `${path} is not as it should be`;
  return null;
}

async function lookAtRunning(tools: Tools, id: DomainId, wanted: CacheEntry | null): Promise<string | null> {
  if ((await readCacheRegister(tools)).size === 0) return null;
  return (
    (await tools.service.lookOn()) ??
    (await withCacheRedis(tools, (redis) => lookAtAccount(redis, id, wanted)))
  );
}

/** What is given away is kept free, so that no site's share depends on what the others hold. */
async function requireRoom({ limits }: Tools, before: CacheRegister, after: CacheRegister): Promise<void> {
  const [was, will] = [sumOf(before), sumOf(after)];
  const { cacheMebibytes } = await limits();
  if (will <= was || will <= cacheMebibytes * 1_048_576) return;
  throw new FailureError(
    'invalid_request',
    `The caches of this server may be given ${cacheMebibytes} MiB in all, and less than this is left.`,
    'Ask for less, or have root raise the limit: sculptorctl limit set cacheMebibytes NUMBER.',
  );
}

function sumOf(register: CacheRegister): number {
  return [...sharesOf(register).values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** The files are for the next start; a Redis that runs is told the one change, and no other site notices. */
async function bringAbout(tools: Tools, register: CacheRegister, id: DomainId): Promise<void> {
  const { service } = tools;
  if (register.size === 0) return service.turnOff();
  if ((await service.lookOn()) !== null) await service.turnOn();
  await withCacheRedis(tools, async (redis) => {
    await redis.call('CONFIG', 'SET', 'maxmemory', memoryFor([...sharesOf(register).values()]));
    const entry = register.get(id) ?? null;
    if ((await lookAtAccount(redis, id, entry)) !== null) await putAccount(redis, id, entry);
    if (entry === null) await drop(redis, { id, bytes: 'all' });
  });
}
