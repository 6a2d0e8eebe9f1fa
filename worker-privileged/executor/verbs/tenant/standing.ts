import { FailureError } from '../../../../contract/failures.ts';
import type { DomainId, TenantId } from '../../../../contract/ids.ts';
import type { OwnedKind } from '../../../../contract/tenants.ts';
import type { System } from '../../system/system.ts';

/** Whether what a tenant has is served: by root's own record, whatever is asked of one of its things. */
export async function isSuspended({ tenants }: Pick<System, 'tenants'>, tenant: TenantId): Promise<boolean> {
  return ((await tenants.read(tenant))?.suspendedAt ?? null) !== null;
}

/** Held while something of a tenant's is counted and made, and while the tenant itself is changed. */
export function duringTenant<T>(
  { locks }: Pick<System, 'locks'>,
  tenant: TenantId,
  act: () => Promise<T>,
): Promise<T> {
  return locks.during(`tenant-${tenant}`, act);
}

/** By the type of a part, what of a plan it counts as; what is not here is not limited. */
const COUNTED_PARTS: Readonly<Record<string, OwnedKind>> = { key: 'keys', queue: 'queues', cron: 'crons' };

/** The same for parts of a site that come to those of the tenant. To be asked under the tenant's lock. */
export async function requireRoomForParts(
  system: Register & Pick<System, 'parts'>,
  tenant: TenantId,
  coming: readonly { readonly type: string }[],
): Promise<void> {
  for (const type of new Set(coming.map((part) => part.type))) {
    const kind = COUNTED_PARTS[type];
    const most = kind === undefined ? null : ((await planOf(system, tenant))?.[kind] ?? null);
    if (kind === undefined || most === null) continue;
    const ofType = (parts: typeof coming) => parts.filter((part) => part.type === type).length;
    let all = ofType(coming);
    for (const { id } of await system.registry.standingOf(tenant)) all += ofType(await system.parts.list(id));
    if (all > most) throw planLimit(kind, most);
  }
}

type Register = Pick<System, 'tenants' | 'registry'>;

/** Throws where the tenant is none of this server's, or has as many sites as it may. To be asked under its lock. */
export async function requireRoomForSite(
  system: Register,
  { tenant, id }: { readonly tenant: TenantId; readonly id: DomainId },
): Promise<void> {
  const most = (await planOf(system, tenant))?.domains ?? null;
  if (most === null) return;
  const others = (await system.registry.standingOf(tenant)).filter((site) => site.id !== id);
  if (others.length >= most) throw planLimit('sites', most);
}

/** Null for `default` as long as nothing was said of it. */
export async function planOf(
  { tenants }: { readonly tenants: Pick<System['tenants'], 'read'> },
  tenant: TenantId,
) {
  const entry = await tenants.read(tenant);
  if (entry !== null && entry.removedAt === null) return entry.plan;
  if (entry === null && tenant === 'default') return null;
  throw new FailureError(
    'not_ready',
    'The tenant this is for is not on the server.',
    'Create the tenant first, or restore it, and look at how its operation ended.',
  );
}

export function planLimit(what: string, most: number): FailureError {
  return new FailureError(
    'plan_limit',
    `The tenant has as many ${what} as its plan allows: ${most}.`,
    'Delete one, or have the plan raised by an administrator.',
  );
}
