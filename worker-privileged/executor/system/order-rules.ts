import { createHash } from 'node:crypto';
import type { DomainId, TenantId } from '../../../contract/ids.ts';
import type { DomainName } from '../../../contract/names.ts';
import { acmeLimit } from './acme-failures.ts';
import type { Limits } from './limits.ts';

/** Of an authority, for a site. `due`: it comes in the place of one that root holds and that ends soon. */
export type Order = {
  readonly site: DomainId;
  readonly tenant: TenantId;
  readonly names: readonly DomainName[];
  readonly due: boolean;
};

/** What is remembered of one. */
export type CountedOrder = {
  readonly at: string;
  readonly site: DomainId;
  readonly tenant: TenantId;
  /** A digest: only whether they are the same counts. */
  readonly names: string;
  readonly issued: boolean;
};

const HOUR_MS = 3_600_000;
export const WEEK_MS = 168 * HOUR_MS;
/** Renewals that are due may have so much more than all others: nobody takes their room from them. */
const RESERVE = 1.25;
/** Let's Encrypt gives five in a week; see docs/certificates.md for its other limits. */
const OF_SAME_NAMES = 4;

type Rule = {
  readonly what: string;
  readonly withinMs: number;
  readonly most: (limits: Limits) => number;
  readonly counts: (counted: CountedOrder, order: Order) => boolean;
};

const ofSite: Rule['counts'] = (counted, { site }) => counted.site === site;
const ofNames: Rule['counts'] = (counted, { names }) => counted.issued && counted.names === digestOf(names);
const ofTenant: Rule['counts'] = (counted, { tenant }) => counted.tenant === tenant;
const ofServer: Rule['counts'] = () => true;

const HOUR = { withinMs: HOUR_MS };
const WEEK = { withinMs: WEEK_MS };
const RULES: readonly Rule[] = [
  { ...HOUR, what: 'an hour for a site', most: (limits) => limits.siteOrdersPerHour, counts: ofSite },
  { ...WEEK, what: 'a week for a site', most: (limits) => limits.siteOrdersPerWeek, counts: ofSite },
  { ...WEEK, what: 'a week for the same names', most: () => OF_SAME_NAMES, counts: ofNames },
  { ...HOUR, what: 'an hour for a tenant', most: (limits) => limits.tenantOrdersPerHour, counts: ofTenant },
  { ...WEEK, what: 'a week for a tenant', most: (limits) => limits.tenantOrdersPerWeek, counts: ofTenant },
  { ...HOUR, what: 'an hour', most: (limits) => limits.ordersPerHour, counts: ofServer },
  { ...WEEK, what: 'a week', most: (limits) => limits.ordersPerWeek, counts: ofServer },
];

type World = {
  readonly counted: readonly CountedOrder[];
  readonly limits: Limits;
  readonly now: Date;
};

/** Throws `acme_limit`, which says from when on there is room again. */
export function requireRoomFor(order: Order, world: World): void {
  const full = RULES.flatMap((rule) => fullFor(rule, order, world) ?? []);
  const [last] = full.sort((one, other) => other.until - one.until);
  if (last !== undefined) throw acmeLimit(`${last.most} certificates in ${last.what}`, last.until);
}

function fullFor({ what, withinMs, most, counts }: Rule, order: Order, { counted, limits, now }: World) {
  const room = Math.ceil(most(limits) * (order.due ? RESERVE : 1));
  const times = counted
    .filter((one) => counts(one, order))
    .map(({ at }) => Date.parse(at))
    .filter((at) => now.getTime() - at < withinMs)
    .sort((one, other) => one - other);
  if (times.length < room) return undefined;
  // So many have to be over that one fewer than may be are left; where none may be, that is never.
  const until = (times[times.length - room] ?? Infinity) + withinMs;
  return { what, most: room, until };
}

export function digestOf(names: readonly DomainName[]): string {
  return createHash('sha256')
    .update([...names].sort().join())
    .digest('hex')
    .slice(0, 16);
}
