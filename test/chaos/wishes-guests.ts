import type { OperationKind } from '../../contract/operations.ts';
import { one, type Random } from './random.ts';
import { createSite } from './wishes-sites.ts';
import { HOME, idOf, type Guest, type World, type Wishing } from './world.ts';

/** A wish for a tenant in one of those states; its sites go where it goes. */
function guest(
  from: readonly Guest['state'][],
  ask: {
    readonly kind: OperationKind;
    readonly to?: Guest['state'];
    readonly body?: (random: Random) => object;
  },
): Wishing['wish'] {
  return (world: World, random: Random) => {
    const found = one(random, world.guests, ({ state }) => from.includes(state));
    if (found === null) return null;
    const { kind, to, body } = ask;
    const word = kind.slice('tenant.'.length);
    const method = kind === 'tenant.update' ? 'PATCH' : kind === 'tenant.delete' ? 'DELETE' : 'POST';
    const path = `/v1/tenants/${found.id}${method === 'POST' ? `/${word}` : ''}`;
    return {
      ...{ kind, method, path, tenant: HOME, awaited: true },
      ...(body === undefined ? {} : { body: body(random) }),
      then: () => {
        if (to === undefined) return;
        found.state = to;
        const own = world.sites.filter(({ tenant }) => tenant === found.id);
        if (to === 'trashed') for (const site of own) site.trashed = true;
      },
    };
  };
}

export const GUEST_WISHES: readonly Wishing[] = [
  {
    weight: 2,
    wish: ({ guests }, random) => {
      if (guests.length >= 3) return null;
      return {
        ...{ kind: 'tenant.create', method: 'POST', path: '/v1/tenants', tenant: HOME, awaited: true },
        body: { name: random.name('t'), plan: { domains: 20 } },
        then: (answer) => guests.push({ id: idOf(answer, 'tenant'), state: 'active' }),
      };
    },
  },
  {
    weight: 3,
    wish: ({ guests, sites }, random) => {
      const host = one(random, guests, ({ state }) => state === 'active');
      return host && createSite(random, host.id, (site) => sites.push(site));
    },
  },
  {
    weight: 2,
    wish: guest(['active', 'suspended'], {
      kind: 'tenant.update',
      body: (random) => ({ plan: { domains: random.between(20, 40) } }),
    }),
  },
  {
    weight: 2,
    wish: guest(['active'], {
      ...{ kind: 'tenant.suspend', to: 'suspended' },
      body: () => ({ reason: 'It is only a trial.' }),
    }),
  },
  { weight: 3, wish: guest(['suspended'], { kind: 'tenant.resume', to: 'active' }) },
  { weight: 1, wish: guest(['active', 'suspended'], { kind: 'tenant.delete', to: 'trashed' }) },
  { weight: 2, wish: guest(['trashed'], { kind: 'tenant.restore', to: 'active' }) },
];
