import { idIn } from '../../machine/as-tenant.ts';
import type { Preparing, Scenario } from '../scenario.ts';

/** A tenant with a site and a database. */
export async function tenant(it: Preparing): Promise<string> {
  const id = idIn(
    await it.done({ method: 'POST', path: '/v1/tenants', body: { name: it.unique('fp') } }),
    'tenant',
  );
  const headers = { 'sculptor-tenant': id };
  const name = `${it.unique('fp')}.example`;
  await it.done({ method: 'POST', path: '/v1/domains', body: { name, type: 'static' }, headers });
  await it.done({ method: 'POST', path: '/v1/databases', body: { name: it.unique('fp') }, headers });
  return `/v1/tenants/${id}`;
}

async function suspended(it: Preparing): Promise<string> {
  const path = await tenant(it);
  await it.done({ method: 'POST', path: `${path}/suspend`, body: { reason: 'unpaid' } });
  return path;
}

export const OF_TENANTS: readonly Scenario[] = [
  {
    kind: 'tenant.create',
    prepare: (it) =>
      Promise.resolve({
        method: 'POST',
        path: '/v1/tenants',
        body: { name: it.unique('fp'), plan: { domains: 3 } },
      }),
  },
  {
    kind: 'tenant.update',
    prepare: async (it) => ({ method: 'PATCH', path: await tenant(it), body: { plan: { databases: 3 } } }),
  },
  {
    kind: 'tenant.suspend',
    prepare: async (it) => ({
      method: 'POST',
      path: `${await tenant(it)}/suspend`,
      body: { reason: 'unpaid' },
    }),
  },
  {
    kind: 'tenant.resume',
    prepare: async (it) => ({ method: 'POST', path: `${await suspended(it)}/resume` }),
  },
  { kind: 'tenant.delete', prepare: async (it) => ({ method: 'DELETE', path: await tenant(it) }) },
  {
    kind: 'tenant.restore',
    prepare: async (it) => {
      const path = await tenant(it);
      await it.done({ method: 'DELETE', path });
      return { method: 'POST', path: `${path}/restore` };
    },
  },
];
