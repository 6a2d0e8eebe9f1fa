import { one } from './random.ts';
import { drop, HOME, type Wishing } from './world.ts';

const BANS = '/v1/server/bans';

export const SERVER_WISHES: readonly Wishing[] = [
  {
    // Each client asks once at most: nothing else is begun while the distribution installs.
    weight: 2,
    wish: ({ counts }) =>
      counts.has('update.install')
        ? null
        : {
            ...{ kind: 'update.install', method: 'POST', path: '/v1/server/updates/install', tenant: HOME },
            then: () => undefined,
          },
  },
  {
    weight: 3,
    wish: ({ bans }, random) => {
      if (bans.length >= 4) return null;
      const address = `198.18.${random.between(0, 255)}.${random.between(1, 254)}`;
      return {
        ...{
          kind: 'address.ban',
          method: 'POST',
          path: BANS,
          body: { address },
          tenant: HOME,
          awaited: true,
        },
        then: () => bans.push(address),
      };
    },
  },
  {
    weight: 2,
    wish: ({ bans }, random) => {
      const address = one(random, bans);
      if (address === null) return null;
      return {
        ...{ kind: 'address.unban', method: 'DELETE', path: `${BANS}/${address}`, tenant: HOME },
        then: () => drop(bans, address),
      };
    },
  },
];
