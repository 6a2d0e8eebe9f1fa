import type { PartId, TenantId } from '../../../../contract/ids.ts';
import type { OpenPort } from '../../render/public-ports.ts';
import type { PortEntry } from '../../system/public-ports.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { System } from '../../system/system.ts';
import { planLimit, planOf } from './standing.ts';

/** What is asked of root's record. */
type Register = {
  readonly registry: Pick<System['registry'], 'read'>;
  readonly tenants: Pick<System['tenants'], 'read'>;
};

/**
 * Which ports the network reaches, by root's own record alone: those whose program shall be reached, of sites that stand, of
 * tenants that are served, as many of each as its plan allows, the oldest first.
 */
export async function openPorts(system: Register, all: readonly PortEntry[]): Promise<readonly OpenPort[]> {
  const open: OpenPort[] = [];
  const taken = new Map<TenantId, number>();
  for (const { port, protocol, site: id } of [...all].filter((entry) => entry.open).sort(byAge)) {
    const site = await system.registry.read(id);
    if (site === null || site.purgingAt !== null || open.some((one) => one.port === port)) continue;
    const had = taken.get(site.tenant) ?? 0;
    if (had >= (await mostOf(system, site.tenant))) continue;
    taken.set(site.tenant, had + 1);
    open.push({ port, protocol, uid: site.uid });
  }
  return open;
}

function byAge(one: PortEntry, other: PortEntry): number {
  return one.since.localeCompare(other.since) || one.port - other.port;
}

/** None of a tenant that is suspended, or gone. */
async function mostOf({ tenants }: Pick<Register, 'tenants'>, tenant: TenantId): Promise<number> {
  const entry = await tenants.read(tenant);
  if (entry === null) return tenant === 'default' ? Infinity : 0;
  if (entry.suspendedAt !== null || entry.removedAt !== null) return 0;
  return entry.plan.publicPorts ?? Infinity;
}

type Held = { readonly all: readonly PortEntry[]; readonly part: PartId };

/** Throws where the programs of a tenant hold as many as they may. What lies in the trash does not count. */
export async function requireRoomForPort(
  system: Register,
  { tenant }: Pick<SiteEntry, 'tenant'>,
  { all, part }: Held,
): Promise<void> {
  const plan = await planOf(system, tenant);
  const most = plan === null ? null : plan.publicPorts;
  if (most === null) return;
  const programs = new Set([part]);
  for (const entry of all) {
    const site = await system.registry.read(entry.site);
    if (site?.tenant === tenant && site.removedAt === null) programs.add(entry.part);
  }
  if (programs.size > most) throw planLimit('public ports', most);
}
