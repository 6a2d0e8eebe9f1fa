import type { SiteSpec } from '../../../../contract/domains.ts';
import type { DomainId } from '../../../../contract/ids.ts';
import type { DomainName, PhpVersion } from '../../../../contract/names.ts';
import type { Account } from '../../system/accounts.ts';
import type { Pool } from '../../system/masters.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { Snippet } from '../../system/snippets.ts';
import type { System } from '../../system/system.ts';
import { shareOf, UNPLANNED, type Planned, type SitePlan } from './share.ts';

/** What the steps of one request on a site share. */
export type Story = {
  readonly system: System;
  readonly spec: SiteSpec;
  /** The version its PHP shall run on; null where it shall not run. */
  readonly php: PhpVersion | null;
  /** Its tenant is: whatever is asked of it, it is not served. */
  readonly suspended: boolean;
  readonly plan: SitePlan;
  /** Root's own lines for its server block. */
  readonly snippets: readonly Snippet[];
};

export const POOL_USER = 'www';

export function userOf({ id, isolation }: Pick<SiteSpec, 'id' | 'isolation'>): string {
  return isolation === 'pool' ? POOL_USER : `s-${id}`;
}

export function poolOf(spec: Pick<SiteSpec, 'id' | 'isolation'>, plan: Planned = UNPLANNED): Pool {
  return { id: spec.id, isolation: spec.isolation, user: userOf(spec), share: shareOf(plan) };
}

/** Its name first, then its aliases. */
export function namesOf({ name, aliases }: Pick<SiteSpec, 'name' | 'aliases'>): readonly DomainName[] {
  return [...new Set([name, ...aliases])];
}

/** The registry's entry, which the first step of every story has made. */
export async function entryOf({
  system,
  spec,
}: {
  readonly system: Pick<System, 'registry'>;
  readonly spec: Pick<SiteSpec, 'id'>;
}): Promise<SiteEntry> {
  const entry = await system.registry.read(spec.id);
  if (entry === null) throw new Error('the site is not in the registry yet');
  return entry;
}

export async function accountOf(story: Parameters<typeof entryOf>[0]): Promise<Account> {
  const { uid, gid } = await entryOf(story);
  return { uid, gid };
}

/** Where a host link leads that the generic server block serves, and where one leads that only holds the name. */
export const served = (id: DomainId) => `../sites/${id}`;
export const held = (id: DomainId) => `../held/${id}`;

/** The site that a host link belongs to. */
export function holderOf(link: string): string {
  return link.slice(link.lastIndexOf('/') + 1);
}
