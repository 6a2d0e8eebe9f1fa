import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import { freshId } from './asked.ts';

/* The door counts what a tenant has, whoever calls it, and goes by what root said of the tenant. */

const TENANT = 'tenant123456';
const HASH = `*${'A'.repeat(40)}`;

let servers: Servers;
/** The worker taken, with sessions of its own to speak in. */
let thieves: Connection[];

beforeAll(async () => {
  servers = await startServers();
  const { socketPath, user, password = '' } = servers.state('sculptor');
  const connect = () => createConnection({ socketPath, user, password });
  thieves = await Promise.all(Array.from({ length: 10 }, connect));
  servers.sql("CALL sculptor_door.set_limit('let_in_per_hour', 1000)");
  tell('10', '10');
});
afterAll(async () => {
  thieves.forEach((thief) => thief.destroy());
  await servers.stop();
});

const tell = (databases: string, users: string, { suspended = '0', connections = '100' } = {}) =>
  servers.sql(
    `CALL sculptor_door.put_tenant('${TENANT}', '${databases}', '${users}', '${connections}', '${suspended}')`,
  );

/** What each call was refused with; nothing where it was not. One that MariaDB ended for another is called again. */
async function tried(thief: Connection, text: string): Promise<string> {
  try {
    await thief.query(text);
    return '';
  } catch (error) {
    const { code, sqlMessage } = error as { code: string; sqlMessage: string };
    return code === 'ER_LOCK_DEADLOCK' ? tried(thief, text) : sqlMessage;
  }
}

const make = (id: string, name: string, tenant = TENANT) =>
  `CALL sculptor_door.put_database('${id}', '${name}', 'utf8mb4', 'utf8mb4_bin', '${tenant}')`;
const login = (database: string, name: string, { connections = 'NULL', id = freshId() } = {}) =>
  `CALL sculptor_door.put_user('${id}', '${database}', '${name}', 'all', '${HASH}', ${connections})`;
const connectionsOf = (name: string) =>
  servers
    .sql(
      `SELECT JSON_VALUE(priv, '$.max_user_connections') FROM mysql.global_priv
      WHERE user LIKE '${name}' ORDER BY user`,
    )
    .map(([most]) => Number(most));
const count = (results: readonly string[]) => results.filter((result) => result === '').length;

function inLanes(calls: readonly string[]): Promise<string[]> {
  return Promise.all(calls.map((text, index) => tried(thieves[index % thieves.length]!, text)));
}

test('fifty databases at once, past the worker, end with the ten of the plan', async () => {
  const calls = Array.from({ length: 50 }, (_, n) => make(freshId(), `door_${n}`));
  const results = await inLanes(calls);
  expect([count(results), new Set(results)]).toEqual([10, new Set(['', 'plan_limit'])]);
  expect(
    servers.sql(`SELECT COUNT(*) FROM sculptor_door.managed_database WHERE tenant = '${TENANT}'`),
  ).toEqual([['10']]);
  expect(servers.sql("SHOW DATABASES LIKE 'door\\_%'")).toHaveLength(10);
});

test('fifty accounts at once end with the ten of the plan, each with its part of the connections', async () => {
  const [[database]] = servers.sql(
    `SELECT id FROM sculptor_door.managed_database WHERE tenant = '${TENANT}' LIMIT 1`,
  ) as [[string]];
  const results = await inLanes(Array.from({ length: 50 }, (_, n) => login(database, `door_user_${n}`)));
  expect([count(results), new Set(results)]).toEqual([10, new Set(['', 'plan_limit'])]);
  expect(connectionsOf('door\\_user\\_%')).toEqual(Array(10).fill(10));
});

describe('the connections that a plan allows', () => {
  const MOST = 20;
  let database: string;

  beforeAll(async () => {
    servers.sql(`CALL sculptor_door.forget_tenant('${TENANT}')`);
    servers.sql("UPDATE sculptor_door.managed_user SET dropped_at = NOW() WHERE name LIKE 'door\\_user\\_%'");
    tell('', '', { connections: String(MOST) });
    database = freshId();
    expect(await tried(thieves[0]!, make(database, 'door_divided'))).toBe('');
  });

  test('are those of all its accounts together, however many ask at once', async () => {
    const asked = Array.from({ length: 50 }, (_, n) =>
      login(database, `many_${n}`, { connections: n % 2 === 0 ? '3' : 'NULL' }),
    );
    const results = await inLanes(asked);
    expect(new Set(results)).toEqual(new Set(['', 'plan_limit']));
    const each = connectionsOf('many\\_%');
    expect(each).toHaveLength(count(results));
    expect(each.reduce((sum, most) => sum + most, 0)).toBeLessThanOrEqual(MOST);
    servers.sql("UPDATE sculptor_door.managed_user SET dropped_at = NOW() WHERE name LIKE 'many\\_%'");
  });

  test('are left to whoever asks for a number, and shared by the others, until one goes', async () => {
    const [thief] = thieves;
    const [first, second] = [freshId(), freshId()];
    expect(await tried(thief!, login(database, 'some_a', { id: first }))).toBe('');
    expect(connectionsOf('some\\_%')).toEqual([20]);
    expect(await tried(thief!, login(database, 'some_b', { connections: '8', id: second }))).toBe('');
    expect(await tried(thief!, login(database, 'some_c'))).toBe('');
    expect(connectionsOf('some\\_%')).toEqual([6, 8, 6]);
    expect(await tried(thief!, login(database, 'some_d', { connections: '11' }))).toBe('plan_limit');
    expect(await tried(thief!, login(database, 'some_b', { connections: '19', id: second }))).toBe(
      'plan_limit',
    );
    expect(connectionsOf('some\\_%')).toEqual([6, 8, 6]);
    expect(await tried(thief!, `CALL sculptor_door.drop_user('${second}')`)).toBe('');
    expect(connectionsOf('some\\_%')).toEqual([10, 10]);
    tell('', '', { connections: '1' });
    expect(connectionsOf('some\\_%')).toEqual([1, 1]);
    expect(await tried(thief!, login(database, 'some_d'))).toBe('plan_limit');
    tell('', '', { connections: '' });
    expect(connectionsOf('some\\_%')).toEqual([30, 30]);
    tell('10', '10');
  });
});

test('a session that sees what was there long before counts what is there', async () => {
  const [thief] = thieves;
  await thief!.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await thief!.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  await thief!.query('SELECT COUNT(*) FROM sculptor_door.managed_database');
  expect(await tried(thief!, make(freshId(), 'door_snapshot'))).toBe('plan_limit');
  await thief!.query('ROLLBACK');
});

test('a tenant that root has not told of has nothing, and nobody but root tells', async () => {
  const [thief] = thieves;
  expect(await tried(thief!, make(freshId(), 'door_nobody', 'nobodynobody'))).toBe('not_ready');
  for (const text of [
    `CALL sculptor_door.put_tenant('${TENANT}', '', '', '', '0')`,
    `CALL sculptor_door.forget_tenant('${TENANT}')`,
    'UPDATE sculptor_door.managed_tenant SET most_databases = NULL',
    `CALL sculptor_door.require_room('${TENANT}', 'users')`,
  ])
    expect(await tried(thief!, text)).toMatch(/denied/);
});

test('what is made for a tenant that is suspended is locked from the beginning', async () => {
  tell('', '', { suspended: '1' });
  const id = freshId();
  expect(await inLanes([make(id, 'door_locked')])).toEqual(['']);
  expect(await inLanes([login(id, 'door_locked_user')])).toEqual(['']);
  const locked =
    "SELECT JSON_VALUE(priv, '$.account_locked') FROM mysql.global_priv WHERE user = 'door_locked_user'";
  expect(servers.sql(locked)).toEqual([['1']]);
});
