import { one, type Random } from './random.ts';
import { drop, HOME, idOf, type Base, type Wish, type World, type Wishing } from './world.ts';

const stands = ({ trashed }: Base) => !trashed;
const hasUser = (base: Base) => stands(base) && base.users.length > 0;

/** A wish for one of the databases that fit. */
function on(
  fits: (base: Base) => boolean,
  ask: (base: Base, random: Random) => Omit<Wish, 'tenant' | 'then'> & Partial<Pick<Wish, 'then'>>,
): Wishing['wish'] {
  return ({ bases }: World, random: Random) => {
    const base = one(random, bases, fits);
    if (base === null) return null;
    const { path, ...asked } = ask(base, random);
    return { then: () => undefined, ...asked, path: `/v1/databases/${base.id}${path}`, tenant: HOME };
  };
}

export const BASE_WISHES: readonly Wishing[] = [
  {
    weight: 5,
    wish: ({ bases }, random) => ({
      ...{ kind: 'database.create', method: 'POST', path: '/v1/databases', tenant: HOME },
      body: { name: random.name('d') },
      then: (answer) => {
        const { id, name } = answer['database'] as Base;
        bases.push({ id, name, trashed: false, users: [] });
      },
    }),
  },
  {
    weight: 2,
    wish: on(stands, (_, random) => ({
      ...{ kind: 'database.update', method: 'PATCH', path: '' },
      body: { charset: random.pick(['utf8mb4', 'latin1', 'ascii']) },
    })),
  },
  {
    weight: 2,
    wish: on(stands, (base) => ({
      ...{ kind: 'database.delete', method: 'DELETE', path: '', awaited: true },
      then: () => {
        base.trashed = true;
      },
    })),
  },
  {
    weight: 2,
    wish: on(
      ({ trashed }) => trashed,
      (base) => ({
        ...{ kind: 'database.restore', method: 'POST', path: '/restore', awaited: true },
        then: () => {
          base.trashed = false;
        },
      }),
    ),
  },
  {
    weight: 5,
    wish: on(stands, ({ users }, random) => ({
      ...{ kind: 'databaseUser.create', method: 'POST', path: '/users' },
      body: { name: random.name('u'), privileges: random.pick(['all', 'read']) },
      then: (answer) => users.push(idOf(answer, 'databaseUser')),
    })),
  },
  {
    weight: 2,
    wish: on(hasUser, ({ users }, random) => ({
      ...{ kind: 'databaseUser.update', method: 'PATCH', path: `/users/${random.pick(users)}` },
      body: { privileges: random.pick(['all', 'read']), maxConnections: random.between(1, 20) },
    })),
  },
  {
    weight: 3,
    wish: on(hasUser, ({ users }, random) => ({
      ...{
        kind: 'databaseUser.rotate',
        method: 'POST',
        path: `/users/${random.pick(users)}/rotate-password`,
      },
    })),
  },
  {
    weight: 1,
    wish: on(hasUser, ({ users }, random) => {
      const id = random.pick(users);
      return {
        ...{ kind: 'databaseUser.delete', method: 'DELETE', path: `/users/${id}` },
        then: () => drop(users, id),
      };
    }),
  },
];
