import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import { createDatabaseDoor } from '../../../worker-privileged/database-door.ts';
import type { DatabaseDoor } from '../../../worker-privileged/database-door.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import { freshId } from './asked.ts';

/* The last connections of the database server are the agent's, and nobody of the API's holds rows for long. */

const MOST = 40;
const PASSWORD = 'a tenant knows it';
let servers: Servers;
let door: DatabaseDoor;
let state: State;
let database: string;
const open: Connection[] = [];

beforeAll(async () => {
  servers = await startServers();
  servers.sql(`SET GLOBAL max_connections = ${MOST}`);
  const { socketPath, user, password } = servers.state('sculptor');
  door = createDatabaseDoor({ socketPath, user, password });
  state = openState({ ...servers.state('sculptor'), connections: 1 });
  await keepRoom();
  database = freshId();
  servers.sql(`CALL sculptor_door.put_database('${database}', 'crowd', 'utf8mb4', 'utf8mb4_bin', 'default')`);
  for (const name of ['greedy', 'modest'])
    servers.sql(
      `CALL sculptor_door.put_user('${freshId()}', '${database}', '${name}', 'all', '${hashOf(PASSWORD)}', NULL)`,
    );
});
afterAll(async () => {
  open.forEach((connection) => connection.destroy());
  await Promise.all([door.close(), state.close()]);
  await servers.stop();
});

/** As the worker does once a second; how many connections were ended. */
async function keepRoom(): Promise<number> {
  await state.run('CALL sculptor_door.end_old_transactions()');
  return door.keepConnections();
}

function hashOf(password: string): string {
  const sha1 = (what: Buffer | string) => createHash('sha1').update(what).digest();
  return `*${sha1(sha1(password)).toString('hex').toUpperCase()}`;
}

/** One connection more, or why there is none. */
async function connect(user: string, password = PASSWORD): Promise<Connection | string> {
  const { socketPath } = servers.state('www-data');
  try {
    const connection = await createConnection({ socketPath, user, password });
    connection.on('error', () => undefined);
    open.push(connection);
    return connection;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const alive = async (connections: readonly Connection[]) =>
  (
    await Promise.all(
      connections.map((one) =>
        one.ping().then(
          () => 1,
          () => 0,
        ),
      ),
    )
  ).reduce<number>((a, b) => a + b, 0);
const limits = () =>
  servers
    .sql(
      `SELECT JSON_VALUE(priv, '$.max_user_connections') FROM mysql.global_priv
      WHERE user IN ('greedy', 'modest') ORDER BY user`,
    )
    .flat();
const api = () => connect('www-data', servers.state('www-data').password);
const isThere = (connection: Connection | string): connection is Connection => typeof connection !== 'string';

test('tenants that take all connections there are lose them to the agent, whoever has most first, and get them back', async () => {
  const modest = [await connect('modest'), await connect('modest')].filter(isThere);
  const greedy: Connection[] = [];
  for (let one = await connect('greedy'); isThere(one); one = await connect('greedy')) greedy.push(one);
  for (let one = await connect('modest'); isThere(one); one = await connect('modest')) modest.push(one);
  expect(await api()).toBe('ER_CON_COUNT_ERROR');
  const one = () =>
    servers.sql(
      `CALL sculptor_door.put_user('${freshId()}', '${database}', 'late', 'all', '${hashOf(PASSWORD)}', NULL)`,
    );
  expect(one).toThrow('server_full');

  expect(await keepRoom()).toBeGreaterThan(10);
  expect((await alive(greedy)) + (await alive(modest))).toBeLessThanOrEqual(MOST / 2);
  expect(await connect('greedy')).toBe('ER_USER_LIMIT_REACHED');
  expect(isThere(await api())).toBe(true);
  expect(await keepRoom()).toBe(0);
  [...greedy, ...modest].forEach((connection) => connection.destroy());
  servers.sql('UPDATE sculptor_door.managed_user SET squeezed_at = squeezed_at - INTERVAL 2 MINUTE');
  while (limits().join() !== '30,30') await keepRoom();
  one();
  servers.sql(
    "CALL sculptor_door.drop_user((SELECT id FROM sculptor_door.managed_user WHERE name = 'late'))",
  );
});

test("whoever has the API's account has no more than its own part of the connections", async () => {
  servers.sql('SET GLOBAL max_connections = 151');
  const its: (Connection | string)[] = [];
  for (let each = 0; each < 40; each += 1) its.push(await api());
  expect(its.filter((one) => one === 'ER_USER_LIMIT_REACHED').length).toBeGreaterThanOrEqual(10);
  await Promise.all(its.filter(isThere).map((one) => one.end()));
});

test("a row that the API's account has locked is the worker's before that gives up waiting", async () => {
  const thief = (await api()) as Connection;
  await thief.query("SET time_zone = '+09:00', timestamp = 1");
  await thief.query('START TRANSACTION');
  await thief.query('SELECT id FROM sculptor.tenant FOR UPDATE');
  const { socketPath, user, password } = servers.state('sculptor');
  const worker = await createConnection({
    socketPath,
    user,
    ...(password === undefined ? {} : { password }),
  });
  open.push(worker);
  await worker.query('SET innodb_lock_wait_timeout = 10');
  await keepRoom();
  expect(await alive([thief])).toBe(1);
  const waits = worker.query('SELECT id FROM sculptor.tenant FOR UPDATE').then(() => 'had' as const);
  const had: string[] = [];
  void waits.then((what) => had.push(what));
  while (had.length === 0) {
    await keepRoom();
    // InnoDB shows its transactions anew when nobody has looked for a tenth of a second.
    await pause(250);
  }
  expect(await alive([thief])).toBe(0);
});
