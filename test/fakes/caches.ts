import type { DomainId } from '../../contract/ids.ts';
import type { Undo } from '../../worker-privileged/executor/ensure.ts';
import type { CacheEntry } from '../../worker-privileged/executor/system/cache-files.ts';
import type { Caches } from '../../worker-privileged/executor/system/caches.ts';

type Parts = {
  readonly server: { readonly caches: Map<DomainId, CacheEntry> };
  readonly change: <T>(act: () => T) => Promise<T>;
  readonly undoing: (act: () => unknown) => Undo;
};

/** Caches that are what was asked for, and hold nothing. */
export function fakeCaches({ server: { caches }, change, undoing }: Parts): Caches {
  const set = (id: DomainId, entry: CacheEntry | null) =>
    entry === null ? void caches.delete(id) : void caches.set(id, entry);
  return {
    read: () => Promise.resolve(new Map(caches)),
    look: (id, wanted) => {
      const same = JSON.stringify(caches.get(id) ?? null) === JSON.stringify(wanted);
      return Promise.resolve(same ? null : 'another cache is registered');
    },
    put: (id, wanted) =>
      change(() => {
        const before = caches.get(id) ?? null;
        set(id, wanted);
        return undoing(() => set(id, before));
      }),
    usages: () => Promise.resolve(null),
  };
}
