import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CacheSpec } from '../../../contract/caches.ts';
import { DomainId } from '../../../contract/ids.ts';
import { renderAccounts, renderMemory, renderShares } from '../render/cache.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

/** A site's cache as root knows it. One that is off keeps its keys, and nobody logs in to it. */
export const CacheEntry = z.strictObject({ ...CacheSpec.shape, on: z.boolean() });
export type CacheEntry = z.infer<typeof CacheEntry>;

/** All sites' caches. */
export type CacheRegister = ReadonlyMap<DomainId, CacheEntry>;
const Register = z.array(z.tuple([DomainId, CacheEntry]));

type Tools = { readonly files: Pick<Files, 'read' | 'replace'> };

export async function readCacheRegister({ files }: Tools): Promise<CacheRegister> {
  const text = await files.read(paths.caches);
  return new Map(text === null ? [] : Register.parse(JSON.parse(text)));
}

/** Root's own record, and what Redis and its keeper read when they start. */
export async function writeCacheFiles(tools: Tools, register: CacheRegister): Promise<void> {
  await tools.files.replace(paths.caches, `${JSON.stringify([...register])}\n`, 0o600);
  for (const [path, text] of await cacheFiles(tools, register)) await tools.files.replace(path, text);
}

/** The files of the caches, as they should be. */
export async function cacheFiles(
  tools: Tools,
  register: CacheRegister,
): Promise<readonly (readonly [path: string, text: string])[]> {
  const accounts = [...register].flatMap(([id, { on, passwordHash }]) => (on ? [{ id, passwordHash }] : []));
  const keepers = {
    executor: sha256(await cachePassword(tools, 'executor')),
    keeper: sha256(await cachePassword(tools, 'keeper')),
  };
  const shares = sharesOf(register);
  return [
    [paths.cacheAccounts, renderAccounts(keepers, accounts)],
    [paths.cacheMemory, renderMemory([...shares.values()])],
    [paths.cacheShares, renderShares(shares)],
  ];
}

export function sharesOf(register: CacheRegister): ReadonlyMap<DomainId, number> {
  return new Map([...register].map(([id, { memoryBytes }]) => [id, memoryBytes]));
}

/** Made when it is first asked for: root's alone, and handed to the keeper by who starts it. */
export async function cachePassword({ files }: Tools, whose: 'executor' | 'keeper'): Promise<string> {
  const path = paths.cachePassword(whose);
  const there = await files.read(path);
  if (there !== null) return there.trim();
  const made = randomBytes(32).toString('base64url');
  await files.replace(path, `${made}\n`, 0o600);
  return made;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
