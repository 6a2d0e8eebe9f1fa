import { WOULD_BE_VERSIONS } from '../../contract/changes.ts';
import type { PlannableKind, WouldBe } from '../../contract/changes.ts';
import type { Difference } from '../../contract/drift.ts';
import { TenantId } from '../../contract/ids.ts';
import { TenantSpec } from '../../contract/tenants.ts';
import type { Sql } from '../../state/connection.ts';
import { standingOfTenant } from '../../state/would-be.ts';
import { said } from '../looking-for-drift.ts';
import { parsed } from '../task.ts';
import type { Planner } from './planner.ts';

type Kinds = Extract<PlannableKind, `tenant.${string}`>;

const inLine: Tell = (what) => said(what, 'it would be brought in line with that');
const put = putTenant('tenant.put', inLine);

export const TENANT_PLANNERS: Readonly<Record<Kinds, Planner>> = {
  'tenant.create': put,
  'tenant.update': put,
  'tenant.suspend': putTenant('tenant.put', (what, isSite) =>
    said(
      what,
      isSite
        ? 'it would answer with 503, and its programs would stop'
        : 'nobody would come in: its accounts would be locked',
    ),
  ),
  'tenant.resume': putTenant('tenant.put', (what, isSite) =>
    said(what, isSite ? 'it would be served again, and its programs begun' : 'its accounts would be let in'),
  ),
  'tenant.restore': putTenant('tenant.restore', inLine),
  'tenant.delete': async ({ executor }, { one, all, context }) => {
    // Root would refuse it now, while something of it stands.
    if (all.length > 1)
      return [said('move the tenant to the trash', 'it would be there once all that it has is')];
    const { resource, generation } = one;
    const id = parsed(TenantId, resource.id);
    return (await executor.plan('tenant.remove', { id, generation }, context)).differences;
  },
};

type Tell = (what: string, isSite: boolean) => Difference;

/** Its own files by the verb; what stands of it by its name, for root's note of the tenant is not changed by a plan. */
function putTenant(verb: 'tenant.put' | 'tenant.restore', tell: Tell): Planner {
  return async ({ state, executor }, { one, context }) => {
    const { resource, generation } = one;
    const { plan, suspended } = parsed(WOULD_BE_VERSIONS.tenant, one.version);
    const tenant = parsed(TenantSpec, { id: resource.id, generation, plan, suspended });
    const { differences } = await executor.plan(verb, tenant, context);
    return [...differences, ...(await touched(state, one, tell))];
  };
}

/** More than these nobody reads. */
const MOST = 100;

async function touched(state: Sql, { resource }: WouldBe, tell: Tell): Promise<readonly Difference[]> {
  const standing = await standingOfTenant(state, resource.id, MOST + 1);
  const shown = standing
    .slice(0, MOST)
    .map(({ type, name }) =>
      tell(`${type === 'domain' ? 'the site' : 'the database'} ${name}`, type === 'domain'),
    );
  return standing.length > MOST ? [...shown, said('what else is its own', 'the same')] : shown;
}
