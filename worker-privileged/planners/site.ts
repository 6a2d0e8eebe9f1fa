import { WOULD_BE_VERSIONS } from '../../contract/changes.ts';
import type { PlannableKind } from '../../contract/changes.ts';
import type { VerbArgs } from '../../contract/executor.ts';
import { DomainId, PartId } from '../../contract/ids.ts';
import { PART_SPECS } from '../../contract/site-parts.ts';
import { ownerOf } from '../../state/would-be.ts';
import { siteOf } from '../handlers/domain.ts';
import { said } from '../looking-for-drift.ts';
import { parsed, refused } from '../task.ts';
import type { Planned, Planner, PlanParts } from './planner.ts';

type Type = 'key' | 'cache' | 'certificate' | 'cron' | 'queue';
type Kinds = Extract<PlannableKind, `${'domain' | Type}.${string}`>;

/** Told by the verbs that would do it. */
export const SITE_PLANNERS: Readonly<Record<Kinds, Planner>> = {
  'domain.create': putSite('site.put'),
  'domain.update': putSite('site.put'),
  'domain.restore': async (parts, planned) =>
    planned.all[0]?.kind === 'tenant.restore'
      ? [said('bring it back', 'it would be as it was, once its tenant is there')]
      : putSite('site.restore')(parts, planned),
  'domain.delete': async ({ executor }, { one, context }) =>
    (await executor.plan('site.remove', { id: parsed(DomainId, one.resource.id) }, context)).differences,
  'key.create': putPart('key'),
  'key.delete': removePart('key'),
  'cache.create': putPart('cache'),
  'cache.update': putPart('cache'),
  'cache.rotate': putPart('cache'),
  'cache.delete': removePart('cache'),
  'certificate.create': putPart('certificate'),
  'certificate.update': putPart('certificate'),
  'certificate.renew': async (parts, planned) => {
    const place = await placeOf(parts, planned);
    const { id, site, generation } = place;
    const { differences } = await parts.executor.plan(
      'certificate.renew',
      { id, site, generation },
      planned.context,
    );
    // Root knows of no newer version than the one that stands, and so of nothing to renew; but renewed it would be.
    return differences.length > 0
      ? differences
      : [said(`renew the certificate ${place.name}`, 'another would take its place')];
  },
  'certificate.delete': removePart('certificate'),
  'cron.create': putPart('cron'),
  'cron.update': putPart('cron'),
  'cron.delete': removePart('cron'),
  'queue.create': putPart('queue'),
  'queue.update': putPart('queue'),
  'queue.start': putPart('queue'),
  'queue.stop': putPart('queue'),
  'queue.delete': removePart('queue'),
};

function putSite(verb: 'site.put' | 'site.restore'): Planner {
  return async (parts, { one, context }) =>
    (await parts.executor.plan(verb, await siteOf(parts, one), context)).differences;
}

function putPart(type: Type): Planner {
  const verb = `${type}.put` as const;
  return async (parts, planned) => {
    const { isNew, ...part } = await placeOf(parts, planned);
    if (isNew) return [said(`make the ${type} ${part.name}`, 'it would be made once its website is there')];
    // The schema and the verb are those of the type; the compiler cannot tie the two together.
    const wanted = { ...part, spec: parsed(PART_SPECS[type], part.spec) } as VerbArgs<typeof verb>;
    return (await parts.executor.plan(verb, wanted, planned.context)).differences;
  };
}

function removePart(type: Type): Planner {
  return async (parts, planned) => {
    const { id, site, generation } = await placeOf(parts, planned);
    return (await parts.executor.plan(`${type}.remove`, { id, site, generation }, planned.context))
      .differences;
  };
}

/** Its site is one of the same tenant on the same server, or is planned with it. */
async function placeOf({ state }: Pick<PlanParts, 'state'>, { one, all }: Planned) {
  const { tenant, server, resource, generation } = one;
  const { domain, name, spec } = parsed(WOULD_BE_VERSIONS.key, one.version);
  const owner = await ownerOf(state, 'domain', domain);
  const isNew = all.some(({ kind, resource: { id } }) => kind === 'domain.create' && id === domain);
  if (owner === undefined && !isNew) throw refused('there is no such domain');
  if (owner !== undefined && (owner.tenant !== tenant || owner.server !== server))
    throw refused('its domain is not one of this tenant on this server');
  const place = { id: parsed(PartId, resource.id), site: domain, generation };
  return { ...place, name, spec, isNew: owner === undefined };
}
