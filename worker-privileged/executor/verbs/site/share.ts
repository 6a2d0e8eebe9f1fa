import { NO_PHP_LIMITS, type PhpLimits } from '../../../../contract/domains.ts';
import type { TenantId } from '../../../../contract/ids.ts';
import type { Plan } from '../../../../contract/tenants.ts';
import type { Step } from '../../ensure.ts';
import type { Share } from '../../render/bounds.ts';
import type { Pool } from '../../system/masters.ts';
import type { System } from '../../system/system.ts';
import { poolSize } from './pool-size.ts';

/** What a tenant's plan says of each of its sites; null where it says nothing. */
export type Planned = Pick<Plan, 'phpMemoryBytes' | 'phpProcesses'>;

export const UNPLANNED: Planned = { phpMemoryBytes: null, phpProcesses: null };

/** What a site goes by: its tenant's plan and its own limits as the server holds them. */
export type SitePlan = Pick<Plan, 'phpMemoryBytes'> & {
  readonly phpProcesses: number;
  readonly limits: PhpLimits;
};

type Site = { readonly tenant: TenantId; readonly phpLimits?: PhpLimits | undefined };

/** By root's own record of the tenant. One that is in the trash has nothing that could be served. */
export async function sitePlanOf(
  { tenants, serverBytes }: Pick<System, 'tenants' | 'serverBytes'>,
  { tenant, phpLimits = NO_PHP_LIMITS }: Site,
): Promise<SitePlan> {
  return planned((await tenants.read(tenant))?.plan ?? UNPLANNED, phpLimits, serverBytes);
}

export function planned(
  { phpMemoryBytes, phpProcesses }: Planned,
  limits: PhpLimits,
  serverBytes: number,
): SitePlan {
  const plan = { phpMemoryBytes, phpProcesses };
  return { phpMemoryBytes, phpProcesses: poolSize({ plan, limits, serverBytes }), limits };
}

/** Beside PHP's processes a site has as many others as one without a plan, or more. */
const OTHERS = 492;

/** The whole gibibyte and the 512 processes that every site has are no share of its own. */
export function shareOf({ phpMemoryBytes, phpProcesses }: Planned): Share {
  const tasks = phpProcesses === null || phpProcesses <= 20 ? null : phpProcesses + OTHERS;
  return { memoryBytes: phpMemoryBytes === 1024 ** 3 ? null : phpMemoryBytes, tasks };
}

/** All of the site's processes together, from now on and after a restart of the server. */
export function shareSet({ masters }: Pick<System, 'masters'>, pool: Pool, share: Share): Step {
  return {
    name: 'set what it may take',
    look: async () => {
      const found = await masters.readShare(pool, share);
      return JSON.stringify(found) === JSON.stringify(share)
        ? null
        : `it may take ${told(found)}, not ${told(share)}`;
    },
    change: async () => {
      const before = await masters.readShare(pool, share);
      await masters.setShare(pool, share);
      return () => masters.setShare(pool, before);
    },
  };
}

function told({ memoryBytes, tasks }: Share): string {
  const memory = memoryBytes === null ? 'the usual memory' : `${memoryBytes} bytes of memory`;
  return `${memory} and ${tasks ?? 'the usual'} tasks`;
}
