import type { DomainId } from '../../../../contract/ids.ts';
import type { Run, Step } from '../../ensure.ts';
import type { System } from '../../system/system.ts';

type Locking = { readonly system: Pick<System, 'locks'>; readonly site: DomainId; readonly run: Run };

/** Has the site's lock, and the operation still. */
export function whileLocked<T>({ system, site, run }: Locking, act: () => Promise<T>): Promise<T> {
  return system.locks.during(site, async () => {
    await run.stillAsked?.();
    return act();
  });
}

/** Takes the site's lock by itself: what lies between two such steps, and may take minutes, keeps nobody from the site. */
export function locked(locking: Locking, { look, change, ...step }: Step): Step {
  const during = <T>(act: () => Promise<T>) => whileLocked(locking, act);
  return {
    ...step,
    look: () => locking.system.locks.during(locking.site, look),
    change: async () => {
      const undo = await during(change);
      return undo === null ? null : () => during(undo);
    },
  };
}
