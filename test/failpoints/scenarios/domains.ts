import { rmSync, writeFileSync } from 'node:fs';
import { idIn } from '../../machine/as-tenant.ts';
import type { Preparing, Scenario } from '../scenario.ts';

/** A site that stands; what it is, unless said otherwise, is files alone. */
export async function site(it: Preparing, more: object = { type: 'static' }): Promise<string> {
  const name = `${it.unique('fp')}.example`;
  const made = await it.done({ method: 'POST', path: '/v1/domains', body: { name, ...more } });
  return `/v1/domains/${idIn(made, 'domain')}`;
}

const PHP = {};
const FOREIGN = '/etc/nginx/sculptor/sites/foreign.conf';
/** It has a server block of its own, and so needs nginx's word. */
const OWN_BLOCK = { publicDirectory: 'public/web' };

async function tenant(it: Preparing): Promise<string> {
  const body = { name: it.unique('fp') };
  return idIn(await it.done({ method: 'POST', path: '/v1/tenants', body }), 'tenant');
}

const created = (more: object): Scenario['prepare'] => {
  return (it) =>
    Promise.resolve({
      method: 'POST',
      path: '/v1/domains',
      body: { name: `${it.unique('fp')}.example`, ...more },
    });
};

export const OF_DOMAINS: readonly Scenario[] = [
  { kind: 'domain.create', prepare: created(PHP) },
  { kind: 'domain.create', that: 'with a server block of its own', prepare: created(OWN_BLOCK) },
  {
    kind: 'domain.create',
    that: 'which nginx refuses',
    prepare: created(OWN_BLOCK),
    around: {
      set: () => writeFileSync(FOREIGN, 'nonsense;\n'),
      takeBack: () => rmSync(FOREIGN, { force: true }),
    },
    ends: 'server_broken',
  },
  {
    kind: 'domain.create',
    that: 'whose executor has died once before',
    prepare: created({ type: 'static' }),
    first: { role: 'executor', place: 'site.put: begun', nth: 1 },
  },
  {
    kind: 'domain.update',
    prepare: async (it) => {
      const path = await site(it, PHP);
      const basicAuth = { users: [{ name: 'visitor', passwordHash: `$6$salt$${'a'.repeat(86)}` }] };
      const body = { aliases: [`${it.unique('al')}.example`], ...OWN_BLOCK, options: { basicAuth } };
      return { method: 'PATCH', path, body };
    },
  },
  { kind: 'domain.delete', prepare: async (it) => ({ method: 'DELETE', path: await site(it, PHP) }) },
  {
    kind: 'domain.restore',
    prepare: async (it) => {
      const path = await site(it, PHP);
      await it.done({ method: 'DELETE', path });
      return { method: 'POST', path: `${path}/restore` };
    },
  },
  {
    kind: 'domain.move',
    prepare: async (it) => {
      const [from, to] = [await tenant(it), await tenant(it)];
      const headers = { 'sculptor-tenant': from };
      const name = `${it.unique('fp')}.example`;
      await it.done({ method: 'POST', path: '/v1/domains', body: { name, type: 'static' }, headers });
      return { method: 'POST', path: `/v1/domains/${name}/move`, body: { tenant: to }, headers };
    },
  },
];
