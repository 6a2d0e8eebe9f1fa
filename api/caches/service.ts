import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  cacheLogin,
  CACHE_SOCKET,
  CachePasswordHash,
  CacheUsages,
  type CacheSpec,
} from '../../contract/caches.ts';
import type { DomainId, ServerId, TenantId } from '../../contract/ids.ts';
import { Cache, CACHE_NAME } from '../../contract/site-parts.ts';
import type { CreateCache, UpdateCache } from '../../contract/site-parts.ts';
import type { Sql, State } from '../../state/connection.ts';
import { readServerFact } from '../../state/server-facts.ts';
import { newPassword, shownOnce } from '../database-users/passwords.ts';
import type { DomainAddress } from '../domains/find.ts';
import { createPartService } from '../site-parts/service.ts';
import type { Once, PartView } from '../site-parts/service.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer } from '../writer.ts';

export interface CacheServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
}

/** What can be asked for about a site's cache. All throw ProblemErrors. */
export interface CacheService {
  readonly read: (tenant: TenantId, domain: DomainAddress) => Promise<unknown>;
  /** The answer holds the password, this once. */
  readonly create: (
    context: WriteContext,
    domain: DomainAddress,
    wanted: CreateCache,
  ) => Promise<WriteAnswer>;
  readonly update: (
    context: WriteContext,
    domain: DomainAddress,
    wanted: UpdateCache,
  ) => Promise<WriteAnswer>;
  /** The answer holds the new password, this once. */
  readonly rotate: (context: WriteContext, domain: DomainAddress) => Promise<WriteAnswer>;
  readonly remove: (context: WriteContext, domain: DomainAddress) => Promise<WriteAnswer>;
}

export function createCacheService({ state, write, server }: CacheServiceParts): CacheService {
  const parts = createPartService({
    ...{ state, write, server, type: 'cache' },
    kinds: { create: 'cache.create', delete: 'cache.delete' },
    present: (sql, caches) => present(sql, server, caches),
  });
  const at = (domain: DomainAddress) => ({ domain, name: CACHE_NAME });
  return {
    read: (tenant, domain) => parts.read(tenant, at(domain)),
    create: (context, domain, { memoryBytes }) => {
      const { passwordHash, ...once } = anotherPassword(context);
      return parts.create(context, domain, {
        ...{ name: CACHE_NAME, spec: { memoryBytes, passwordHash } },
        ...once,
      });
    },
    update: (context, domain, { memoryBytes }) =>
      parts.update(context, at(domain), {
        kind: 'cache.update',
        change: (spec) => ({ ...spec, memoryBytes }),
      }),
    rotate: (context, domain) => {
      const { passwordHash, ...once } = anotherPassword(context);
      const change = (spec: CacheSpec) => ({ ...spec, passwordHash });
      return parts.update(context, at(domain), { kind: 'cache.rotate', change, ...once });
    },
    remove: (context, domain) => parts.remove(context, at(domain)),
  };
}

/** Of 256 random bits: nobody guesses one from its hash, which alone is kept. None is made for a plan. */
function anotherPassword({ plan }: WriteContext): {
  readonly passwordHash: CachePasswordHash;
  readonly once?: Once;
} {
  if (plan) return { passwordHash: CachePasswordHash.parse('0'.repeat(64)) };
  const password = newPassword();
  return {
    passwordHash: CachePasswordHash.parse(createHash('sha256').update(password.reveal()).digest('hex')),
    once: shownOnce(password),
  };
}

/** The hash of the password is not among it. */
const Shown = z.object(Cache.shape);

/** With what the worker has last heard of it. */
async function present(
  sql: Sql,
  server: ServerId,
  caches: readonly PartView<'cache'>[],
): Promise<readonly Cache[]> {
  const measured = CacheUsages.safeParse(await readServerFact(sql, server, 'caches')).data;
  return caches.map((cache) => {
    const { username, prefix } = cacheLogin(cache.domain);
    const usage = measured === undefined ? null : usageOf(measured, cache.domain);
    return Shown.parse({ ...cache, socket: CACHE_SOCKET, username, prefix, usage });
  });
}

function usageOf({ caches, observedAt }: CacheUsages, domain: DomainId): Cache['usage'] {
  const found = caches.find(({ id }) => id === domain);
  if (found === undefined) return null;
  const { bytes, keys, dropped, writesRefused } = found;
  return { bytes, keys, dropped, writesRefused, observedAt };
}
