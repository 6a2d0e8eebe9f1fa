import { z } from 'zod';
import { DomainId } from './ids.ts';

const MEBIBYTE = 1_048_576;

/** What a cache may hold before the least used of its own keys are dropped. */
export const CacheMemory = z
  .int('a whole number of octets')
  .min(MEBIBYTE, '1 MiB (1048576) at least')
  .max(1024 * MEBIBYTE, '1 GiB (1073741824) at most');

export const DEFAULT_CACHE_MEMORY = 32 * MEBIBYTE;

/** SHA-256 of the password: as Redis keeps it, and all that leaves the API of it. */
export const CachePasswordHash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex')
  .brand<'CachePasswordHash'>();
export type CachePasswordHash = z.infer<typeof CachePasswordHash>;

/** The settings of a cache, as a version of it holds them. */
export const CacheSpec = z.strictObject({ memoryBytes: CacheMemory, passwordHash: CachePasswordHash });
export type CacheSpec = z.infer<typeof CacheSpec>;

const count = z.int().min(0);

/** What the keeper last measured of a site's cache. */
export const CacheUsage = z.strictObject({
  bytes: count,
  keys: count,
  /** Of its own keys, dropped because it held more than its share, since the cache's Redis started. */
  dropped: count,
  writesRefused: z.boolean(),
});
export type CacheUsage = z.infer<typeof CacheUsage>;

export const CacheUsages = z.strictObject({
  observedAt: z.iso.datetime(),
  caches: z.array(z.strictObject({ id: DomainId, ...CacheUsage.shape })).max(10_000),
});
export type CacheUsages = z.infer<typeof CacheUsages>;

/** Where a site's own processes find it, and as whom: of the domain's id, for its life. */
export function cacheLogin(id: DomainId) {
  return { socket: CACHE_SOCKET, username: `s-${id}`, prefix: `${id}:` } as const;
}

export const CACHE_SOCKET = '/run/sculptor-cache/redis.sock';
