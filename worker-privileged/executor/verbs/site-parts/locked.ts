import type { DomainId } from '../../../../contract/ids.ts';
import type { Step } from '../../ensure.ts';
import type { System } from '../../system/system.ts';

/** Takes the site's lock by itself: what lies between two such steps, and may take minutes, keeps nobody from the site. */
export function locked({ locks }: Pick<System, 'locks'>, site: DomainId, step: Step): Step {
  const during = <T>(act: () => Promise<T>) => locks.during(site, act);
  const { look, change } = step;
  return {
    ...step,
    look: () => during(look),
    change: async () => {
      const undo = await during(change);
      return undo === null ? null : () => during(undo);
    },
  };
}
