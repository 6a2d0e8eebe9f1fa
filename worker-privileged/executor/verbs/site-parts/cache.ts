import type { Step } from '../../ensure.ts';
import type { CacheEntry } from '../../system/cache-files.ts';
import type { System } from '../../system/system.ts';
import type { PartKind, Placed } from './kind.ts';

/** A share of the caches' Redis. While it is off its keys stay, as far as their own time goes, and nobody reads them. */
export const CACHE: PartKind<'cache'> = {
  whileDisabled: false,
  inPool: false,
  letsIn: () => true,
  on: (system, at) => [account(system, at, { ...at.part.spec, on: true })],
  off: (system, at) => [account(system, at, { ...at.part.spec, on: false })],
  gone: (system, at) => [account(system, at, null)],
};

function account(
  { caches }: Pick<System, 'caches'>,
  { site }: Placed<'cache'>,
  wanted: CacheEntry | null,
): Step {
  return {
    name: NAMES[wanted === null ? 'gone' : wanted.on ? 'on' : 'off'],
    look: () => caches.look(site.id, wanted),
    change: async () => {
      const undo = await caches.put(site.id, wanted);
      return wanted === null ? null : undo;
    },
  };
}

const NAMES = {
  on: 'let the site into its cache',
  off: 'close the cache',
  gone: 'empty and close the cache',
};
