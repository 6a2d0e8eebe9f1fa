import { existsSync, readFileSync } from 'node:fs';
import { cacheLogin } from '../../contract/caches.ts';
import { Cache } from '../../contract/site-parts.ts';
import { accepted, api, createDomain, succeeded, unique } from './agent.ts';
import type { CacheLogin } from './cache-client.ts';

export type CachedSite = { readonly name: string; readonly user: string; readonly login: CacheLogin };

/** A live site with a cache, and who may log in to that. */
export async function createCachedSite(wanted: { readonly memoryBytes?: number } = {}): Promise<CachedSite> {
  const { id, name } = await createDomain({ name: `${unique('c')}.example` });
  const answer = await accepted('POST', `/v1/domains/${name}/cache`, { body: wanted });
  await succeeded(answer);
  return { name, user: `s-${id}`, login: { ...cacheLogin(id), password: String(answer.json['password']) } };
}

/** Takes away what other tests have left. */
export async function noCaches(): Promise<void> {
  const register = '/var/lib/sculptor-root/cache/caches.json';
  const caches = existsSync(register) ? (JSON.parse(readFileSync(register, 'utf8')) as [string][]) : [];
  for (const [domain] of caches) {
    const answer = await api('DELETE', `/v1/domains/${domain}/cache`);
    if (answer.status === 202) await succeeded(answer);
  }
}

export async function readCache(site: string): Promise<Cache> {
  return Cache.parse((await api('GET', `/v1/domains/${site}/cache`)).json);
}

export async function changeCache(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) {
  const answer = await accepted(method, `/v1/domains/${path}`, body === undefined ? {} : { body });
  await succeeded(answer);
  return answer;
}
