import { HOME, type Wishing } from './world.ts';

/** Each client asks once at most: nothing else is begun while the distribution installs. */
export const SERVER_WISHES: readonly Wishing[] = [
  {
    weight: 2,
    wish: ({ counts }) =>
      counts.has('update.install')
        ? null
        : {
            ...{ kind: 'update.install', method: 'POST', path: '/v1/server/updates/install', tenant: HOME },
            then: () => undefined,
          },
  },
];
