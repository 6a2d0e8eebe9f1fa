import { totalmem } from 'node:os';
import { NO_PHP_LIMITS } from '../../../contract/domains.ts';
import type { TenantEntry } from '../system/tenants.ts';
import { planned, UNPLANNED, type SitePlan } from '../verbs/site/share.ts';
import type { Registered } from './server.ts';
import type { SiteEntry } from '../system/registry.ts';

/**
 * What a site goes by; the tenant `default` has no record as long as nothing was said of it. Null where that cannot
 * be told, which the check of tenants says.
 */
export function planOf(
  { entries, broken }: Registered<TenantEntry>,
  { tenant, settings }: Pick<SiteEntry, 'tenant' | 'settings'>,
): SitePlan | null {
  const entry = entries.find(({ id }) => id === tenant);
  const plan = entry?.plan ?? (tenant === 'default' && broken.length === 0 ? UNPLANNED : null);
  return plan === null ? null : planned(plan, settings?.phpLimits ?? NO_PHP_LIMITS, totalmem());
}
