import { setTimeout as pause } from 'node:timers/promises';
import { CACHE_SOCKET, cacheLogin } from '../../../contract/caches.ts';
import type { DomainId } from '../../../contract/ids.ts';
import { accountRules } from '../render/cache.ts';
import { cachePassword, type CacheEntry } from './cache-files.ts';
import type { Files } from './files.ts';
import type { ConnectRedis, Redis } from './resp.ts';
import { RespError, type Reply } from './resp-reply.ts';

type Tools = { readonly files: Pick<Files, 'read' | 'replace'>; readonly connect: ConnectRedis };

const PATIENCE_MS = 10_000;

/** The caches' Redis, as the executor's account there. */
export async function withCacheRedis<T>(tools: Tools, act: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = await connected(tools);
  try {
    return await act(redis);
  } finally {
    redis.close();
  }
}

/** It may have been started a moment ago, or be full of connections that its keeper is about to end. */
async function connected(tools: Tools): Promise<Redis> {
  const password = await cachePassword(tools, 'executor');
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await tools.connect({ socketPath: CACHE_SOCKET, username: 'executor', password });
    } catch (cause) {
      const wrong = cause instanceof RespError && cause.message.startsWith('WRONGPASS');
      if (wrong || performance.now() > deadline) throw cause;
      await pause(200);
    }
  }
}

/** What of a site's account is not as wanted. Whether it may write just now is its keeper's word, and is not looked at. */
export async function lookAtAccount(
  { call }: Redis,
  id: DomainId,
  wanted: CacheEntry | null,
): Promise<string | null> {
  const account = await call('ACL', 'GETUSER', cacheLogin(id).username);
  if (wanted?.on !== true) return account === null ? null : 'its account is there';
  if (account === null) return 'its account is not there';
  const asItShould =
    factOf(account, 'passwords') === wanted.passwordHash &&
    factOf(account, 'keys') === `~${id}:*` &&
    factOf(account, 'flags').split(' ').includes('on');
  return asItShould ? null : 'its account is another';
}

function factOf(account: Reply, name: string): string {
  const facts = Array.isArray(account) ? (account as readonly Reply[]) : [];
  return [facts[facts.indexOf(name) + 1] ?? ''].flat().join(' ');
}

/** Ended first, and made anew: whoever is connected with a former password is not any more. */
export async function putAccount({ call }: Redis, id: DomainId, entry: CacheEntry | null): Promise<void> {
  const { username } = cacheLogin(id);
  await call('ACL', 'DELUSER', username);
  if (entry?.on === true) await call('ACL', 'SETUSER', username, 'reset', ...accountRules({ id, ...entry }));
}
