import { idIn } from '../../machine/as-tenant.ts';
import { rootSql } from '../../machine/server.ts';
import type { Preparing, Scenario } from '../scenario.ts';

export async function database(it: Preparing): Promise<string> {
  const name = it.unique('fp');
  const made = await it.done({ method: 'POST', path: '/v1/databases', body: { name } });
  rootSql(`CREATE TABLE ${name}.kept (id INT PRIMARY KEY); INSERT INTO ${name}.kept VALUES (1);`);
  return `/v1/databases/${idIn(made, 'database')}`;
}

async function user(it: Preparing): Promise<string> {
  const path = `${await database(it)}/users`;
  const name = it.unique('u');
  await it.done({ method: 'POST', path, body: { name } });
  return `${path}/${name}`;
}

async function withUser(it: Preparing): Promise<string> {
  const path = await user(it);
  return path.slice(0, path.indexOf('/users/'));
}

export const OF_DATABASES: readonly Scenario[] = [
  {
    kind: 'database.create',
    prepare: (it) =>
      Promise.resolve({ method: 'POST', path: '/v1/databases', body: { name: it.unique('fp') } }),
  },
  {
    kind: 'database.update',
    prepare: async (it) => ({
      method: 'PATCH',
      path: await database(it),
      body: { charset: 'latin1', collation: 'latin1_swedish_ci', protected: true },
    }),
  },
  { kind: 'database.delete', prepare: async (it) => ({ method: 'DELETE', path: await withUser(it) }) },
  {
    kind: 'database.restore',
    prepare: async (it) => {
      const path = await withUser(it);
      await it.done({ method: 'DELETE', path });
      return { method: 'POST', path: `${path}/restore` };
    },
  },
  {
    kind: 'databaseUser.create',
    prepare: async (it) => ({
      method: 'POST',
      path: `${await database(it)}/users`,
      body: { name: it.unique('u') },
    }),
  },
  {
    kind: 'databaseUser.update',
    prepare: async (it) => ({ method: 'PATCH', path: await user(it), body: { privileges: 'read' } }),
  },
  {
    kind: 'databaseUser.rotate',
    prepare: async (it) => ({ method: 'POST', path: `${await user(it)}/rotate-password` }),
  },
  { kind: 'databaseUser.delete', prepare: async (it) => ({ method: 'DELETE', path: await user(it) }) },
];
