import type { DomainId } from '../../../../contract/ids.ts';
import type { Step } from '../../ensure.ts';
import type { System } from '../../system/system.ts';
import { markers } from './site-files.ts';

/** nginx answers its visitors with the page of a suspended site, or serves it as before. */
export function suspensionMarked(system: System, id: DomainId, suspended: boolean): Step {
  return markers(system, id, {
    name: suspended ? 'show that it is suspended' : 'show it again',
    wanted: { suspended },
  });
}

/** By this its account is known to be locked for its tenant's sake alone. */
export function standsSuspended(
  { registry }: Pick<System, 'registry'>,
  id: DomainId,
  suspended: boolean,
): Step {
  return {
    name: suspended ? 'note that it is suspended' : 'note that it is not suspended',
    look: async () => ((await registry.read(id))?.suspended === suspended ? null : 'it is not noted'),
    change: async () => {
      const entry = await registry.read(id);
      if (entry === null) throw new Error('the site is not in the registry yet');
      return registry.write({ ...entry, suspended });
    },
  };
}
