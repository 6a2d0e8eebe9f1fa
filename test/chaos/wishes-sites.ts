import { one, type Random } from './random.ts';
import { HOME, newSite, type Site, type Wish, type World, type Wishing } from './world.ts';

const stands = ({ trashed }: Site) => !trashed;

/** Bodies of new sites, of every type; a program of their own they need not have. */
const TYPES: readonly ((random: Random) => object)[] = [
  () => ({ type: 'static' }),
  () => ({ type: 'php' }),
  () => ({ type: 'php', isolation: 'pool' }),
  () => ({ type: 'laravel', createDefaults: false }),
  () => ({ type: 'node', createDefaults: false }),
  () => ({ type: 'proxy' }),
  (random) => ({ type: 'redirect', options: { redirect: { to: `https://${random.name('to')}.example` } } }),
  (random) => ({ type: 'static', publicDirectory: `public/${random.name('web')}` }),
];

export function createSite(random: Random, tenant: string, then: (site: Site) => void): Wish {
  const type = random.pick(TYPES)(random);
  const name = `${random.name('c')}.example`;
  const aliases = random.chance(0.3) ? [`${random.name('a')}.example`] : [];
  const runs = !('isolation' in type) && !('options' in type);
  return {
    ...{ kind: 'domain.create', method: 'POST', path: '/v1/domains', tenant },
    body: { name, aliases, ...type },
    then: (answer) => then(newSite(answer, tenant, runs)),
  };
}

const CHANGES: readonly ((site: Site, random: Random) => object)[] = [
  (_, random) => ({ aliases: [`${random.name('a')}.example`] }),
  () => ({ aliases: [] }),
  ({ enabled }) => ({ enabled: !enabled }),
  (_, random) => ({ options: { bodyBytes: random.between(1, 64) * 1_048_576 } }),
  (_, random) => ({ phpLimits: { seconds: random.between(1, 60) } }),
  ({ runs }) => (runs ? { type: 'php' } : { options: { timeoutSeconds: 20 } }),
];

function change(site: Site, random: Random): Wish {
  const body = random.pick(CHANGES)(site, random);
  return {
    ...{ kind: 'domain.update', method: 'PATCH', path: `/v1/domains/${site.id}`, tenant: site.tenant, body },
    then: () => {
      if ('enabled' in body) site.enabled = Boolean(body.enabled);
    },
  };
}

function remove(site: Site): Wish {
  return {
    ...{ kind: 'domain.delete', method: 'DELETE', path: `/v1/domains/${site.id}`, tenant: site.tenant },
    awaited: true,
    then: () => {
      site.trashed = true;
    },
  };
}

function restore(site: Site): Wish {
  return {
    ...{
      kind: 'domain.restore',
      method: 'POST',
      path: `/v1/domains/${site.id}/restore`,
      tenant: site.tenant,
    },
    awaited: true,
    then: () => {
      site.trashed = false;
    },
  };
}

function move(site: Site, to: string): Wish {
  return {
    ...{ kind: 'domain.move', method: 'POST', path: `/v1/domains/${site.id}/move`, tenant: site.tenant },
    body: { tenant: to },
    awaited: true,
    then: () => {
      site.tenant = to;
    },
  };
}

function whither({ guests }: World, site: Site, random: Random): string | null {
  if (site.tenant !== HOME) return HOME;
  return one(random, guests, ({ state }) => state === 'active')?.id ?? null;
}

export const SITE_WISHES: readonly Wishing[] = [
  { weight: 10, wish: ({ sites }, random) => createSite(random, HOME, (site) => sites.push(site)) },
  { weight: 14, wish: of(stands, change) },
  { weight: 4, wish: of(stands, remove) },
  { weight: 4, wish: of(({ trashed }) => trashed, restore) },
  {
    weight: 2,
    wish: (world, random) => {
      const site = one(random, world.sites, stands);
      const to = site && whither(world, site, random);
      return site && to ? move(site, to) : null;
    },
  },
];

/** A wish for one of the sites that fit. */
export function of(fits: (site: Site) => boolean, wish: (site: Site, random: Random) => Wish) {
  return ({ sites }: World, random: Random): Wish | null => {
    const site = one(random, sites, fits);
    return site && wish(site, random);
  };
}
