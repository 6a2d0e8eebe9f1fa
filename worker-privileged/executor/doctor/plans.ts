import type { TenantId } from '../../../contract/ids.ts';
import type { TenantEntry } from '../system/tenants.ts';
import { UNLIMITED, type SitePlan } from '../verbs/site/share.ts';
import type { Registered } from './server.ts';

/**
 * What the sites of a tenant go by; `default` has no record as long as nothing was said of it. Null where that cannot
 * be told, which the check of tenants says.
 */
export function planOf({ entries, broken }: Registered<TenantEntry>, tenant: TenantId): SitePlan | null {
  const entry = entries.find(({ id }) => id === tenant);
  if (entry !== undefined) return entry.plan;
  return tenant === 'default' && broken.length === 0 ? UNLIMITED : null;
}
