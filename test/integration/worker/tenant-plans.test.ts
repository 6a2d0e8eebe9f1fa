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

const tell = (databases: string, users: string, suspended = '0') =>
  servers.sql(`CALL sculptor_door.put_tenant('${TENANT}', '${databases}', '${users}', '5', '${suspended}')`);

/** What each call was refused with; nothing where it was not. */
async function tried(thief: Connection, text: string): Promise<string> {
  try {
    await thief.query(text);
    return '';
  } catch (error) {
    return (error as { sqlMessage: string }).sqlMessage;
  }
}

const make = (id: string, name: string, tenant = TENANT) =>
  `CALL sculptor_door.put_database('${id}', '${name}', 'utf8mb4', 'utf8mb4_bin', '${tenant}')`;
const login = (database: string, name: string) =>
  `CALL sculptor_door.put_user('${freshId()}', '${database}', '${name}', 'all', '${HASH}', NULL)`;
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

test('fifty accounts at once end with the ten of the plan, each with as many connections as it says', async () => {
  const [[database]] = servers.sql(
    `SELECT id FROM sculptor_door.managed_database WHERE tenant = '${TENANT}' LIMIT 1`,
  ) as [[string]];
  const results = await inLanes(Array.from({ length: 50 }, (_, n) => login(database, `door_user_${n}`)));
  expect([count(results), new Set(results)]).toEqual([10, new Set(['', 'plan_limit'])]);
  const connections = `SELECT DISTINCT JSON_VALUE(priv, '$.max_user_connections') FROM mysql.global_priv
    WHERE user LIKE 'door\\_user\\_%'`;
  expect(servers.sql(connections)).toEqual([['5']]);
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
  tell('', '', '1');
  const id = freshId();
  expect(await inLanes([make(id, 'door_locked')])).toEqual(['']);
  expect(await inLanes([login(id, 'door_locked_user')])).toEqual(['']);
  const locked =
    "SELECT JSON_VALUE(priv, '$.account_locked') FROM mysql.global_priv WHERE user = 'door_locked_user'";
  expect(servers.sql(locked)).toEqual([['1']]);
});
