import type { System } from '../system/system.ts';
import type { VerbHandler } from './table.ts';

/** What the sites' caches hold, as their keeper has measured it. */
export function cacheUsages({ caches }: Pick<System, 'caches'>): VerbHandler<'cache.usages'> {
  return async () => ({ usages: await caches.usages() });
}
