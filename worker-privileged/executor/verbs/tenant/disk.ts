import { FailureError } from '../../../../contract/failures.ts';
import type { DomainId, TenantId } from '../../../../contract/ids.ts';
import type { Step } from '../../ensure.ts';
import { paths } from '../../system/paths.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { System } from '../../system/system.ts';
import type { TenantEntry } from '../../system/tenants.ts';
import { planOf } from './standing.ts';

/** Where the files of a site are, in place or in the trash; null where it has, or is known to have, none. */
export function folderOf({ id, name, home, removedAt, trash, purgedAt }: SiteEntry): string | null {
  if (!home || purgedAt !== null) return null;
  if (removedAt === null) return paths.home(name);
  return trash === null ? null : paths.trashed(id, trash);
}

/** What its files are counted for in the kernel; null where that counts nothing. */
async function projectOf({ tenants, quotas }: Quoted, tenant: TenantId): Promise<number | null> {
  const project = (await tenants.read(tenant))?.project ?? null;
  return project !== null && (await quotas.inForce()) ? project : null;
}

type Quoted = Pick<System, 'tenants' | 'quotas'>;
type Placed = Quoted & Pick<System, 'registry' | 'folders'>;

type Owned = { readonly id: DomainId; readonly tenant: TenantId };

/** All that a site has, and will have, counts for its tenant where the kernel counts. */
export function countedForTenant(system: Placed, { id, tenant }: Owned): Step {
  return countedFor(system, id, {
    name: 'count its files for its tenant',
    project: () => projectOf(system, tenant),
  });
}

/** What counted for a tenant whose disk is limited, and now is one's whose is not, counts for none. */
export function countedForNobody(system: Placed, { id, tenant }: Owned): Step {
  return countedFor(system, id, {
    name: 'count its files for no limit',
    project: async () => {
      const limited = !(await system.quotas.inForce()) || (await projectOf(system, tenant)) !== null;
      return limited ? null : NOBODYS;
    },
  });
}

/** The project of all that was never given one. */
const NOBODYS = 0;

type Counting = { readonly name: string; readonly project: () => Promise<number | null> };

function countedFor({ registry, folders, quotas }: Placed, id: DomainId, counting: Counting): Step {
  const found = async () => {
    const project = await counting.project();
    const entry = project === null ? null : await registry.read(id);
    const home = entry === null ? null : folderOf(entry);
    if (project === null || entry === null || home === null || (await folders.look(home)) === null)
      return null;
    return { project, home, uid: entry.uid, gid: entry.gid };
  };
  return {
    name: counting.name,
    look: async () => {
      const tree = await found();
      return tree === null ? null : quotas.look(tree.project, tree.home);
    },
    change: async () => {
      const tree = await found();
      if (tree !== null) await quotas.takeIn(tree.project, tree);
      return null;
    },
  };
}

/** What is there is counted before there is a limit: beyond it nothing more would be taken in. */
export async function stepsToLimitDisk(
  system: Placed,
  { id: tenant, project, plan }: TenantEntry,
): Promise<readonly Step[]> {
  if (project === null || !(await system.quotas.inForce())) return [];
  const kept = await system.registry.keptOf(tenant);
  return [
    ...kept.map(({ id }) => countedForTenant(system, { id, tenant })),
    limitHeld(system, project, plan.diskBytes),
  ];
}

/** Its number is never given again, and what is left under it has no limit. */
export async function stepsToFreeProject(system: Quoted, { project }: TenantEntry): Promise<readonly Step[]> {
  return project === null || !(await system.quotas.inForce()) ? [] : [limitHeld(system, project, null)];
}

function limitHeld({ quotas }: Pick<System, 'quotas'>, project: number, most: number | null): Step {
  const limit = most === null ? null : most - (most % 1024);
  return {
    name: 'have the kernel hold the limit of its disk',
    look: async () => ((await quotas.read(project)).limit === limit ? null : 'it holds another'),
    change: async () => {
      await quotas.set(project, limit);
      return null;
    },
  };
}

/** Whether the kernel holds the limit of a tenant for what a site has. */
export async function isEnforced(system: Placed, entry: SiteEntry): Promise<boolean> {
  const project = await projectOf(system, entry.tenant);
  const home = folderOf(entry);
  if (project === null || home === null || (await system.folders.look(home)) === null) return false;
  if ((await system.quotas.look(project, home)) !== null) return false;
  return (await system.quotas.read(project)).limit !== null;
}

type Measured = Pick<System, 'tenants' | 'registry' | 'sizes' | 'mariadb'>;

/**
 * Throws where a tenant takes as much of the disk as it may: by what root measured last, whether the kernel counts too
 * or not. What a site took out of its project is found by that.
 */
export async function requireRoomOnDisk(system: Measured, tenant: TenantId): Promise<void> {
  const most = (await planOf(system, tenant))?.diskBytes ?? null;
  if (most === null) return;
  const kept = await system.registry.keptOf(tenant);
  const sizes = (await Promise.all(kept.map(({ id }) => system.sizes.read(id)))).filter(
    (size) => size !== null,
  );
  const files = sizes.reduce((sum, { octets }) => sum + octets, 0);
  const used = files + (await system.mariadb.octetsOf(tenant));
  if (used < most) return;
  const oldest = sizes.map(({ at }) => at).sort()[0];
  throw new FailureError(
    'plan_limit',
    `The tenant takes ${used} bytes of the disk${oldest === undefined ? '' : `, measured at ${oldest}`}, and its plan allows ${most}.`,
    'Remove files or databases, and wait for the next measuring, or have the plan raised by an administrator.',
  );
}

export function sizeForgotten({ sizes }: Pick<System, 'sizes'>, { id }: Pick<SiteEntry, 'id'>): Step {
  return {
    name: 'forget what it took of the disk',
    look: async () => ((await sizes.read(id)) === null ? null : 'it is noted'),
    change: async () => {
      await sizes.forget(id);
      return null;
    },
  };
}
