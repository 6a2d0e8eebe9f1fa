import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { LIVE, operationId, startAgent } from './agent.ts';
import type { Agent } from './agent.ts';

let agent: Agent;
let api: State;
let before: unknown;
beforeAll(async () => {
  agent = await startAgent();
  const answer = await agent.call('POST', '/v1/domains', { body: { name: 'shop.example' } });
  await agent.end(operationId(answer), LIVE);
  await agent.call('POST', '/v1/databases', { body: { name: 'shop' } });
  await agent.call('POST', '/v1/databases/shop/users', { body: { name: 'shop' } });
  api = openState(agent.servers.state('www-data'));
  before = agent.snapshot();
});
afterAll(async () => {
  await api.close();
  await agent.stop();
});

const TABLES = [
  ...['tenant', 'server', 'server_fact', 'token', 'domain_version', 'domain_name', 'database_version'],
  ...['database_name', 'database_user_version', 'database_user_name', 'resource_state', 'operation'],
  ...['operation_step', 'cancellation', 'idempotency', 'audit'],
];
const OPERATION = `id, kind, resource_type, resource_id, resource_name, serial_key, generation, tenant, server, actor`;
const VALUES = `'aaaaaaaaaaaaaaaaaaaa', 'domain.create', 'domain', 'aaaaaaaaaaaa', 'a.example', 'domain:aaaaaaaaaaaa', 1,
  'default', 'default', 'tokenoftests'`;

test.each([
  ...TABLES.map((table) => [`DELETE FROM ${table}`]),
  ...TABLES.map((table) => [`DROP TABLE ${table}`]),
  ...TABLES.map((table) => [`TRUNCATE TABLE ${table}`]),
  ["UPDATE operation SET status = 'succeeded'"],
  ['UPDATE operation SET epoch = 99'],
  ["UPDATE domain_version SET name = 'b.example'"],
  ["UPDATE database_user_version SET password_hash = ''"],
  ["UPDATE resource_state SET status = 'deleted'"],
  ["UPDATE token SET role = 'administrator'"],
  ['UPDATE idempotency SET response = NULL'],
  [`INSERT INTO operation (${OPERATION}, status) VALUES (${VALUES}, 'succeeded')`],
  [`INSERT INTO operation (${OPERATION}, epoch) VALUES (${VALUES}, 7)`],
  [`INSERT INTO operation (${OPERATION}, ended_at) VALUES (${VALUES}, UTC_TIMESTAMP())`],
  [`INSERT INTO operation (${OPERATION}, seq) VALUES (${VALUES}, 1)`],
  [
    `INSERT INTO operation (${OPERATION}) SELECT ${OPERATION} FROM operation ON DUPLICATE KEY UPDATE status = 'failed'`,
  ],
  [`REPLACE INTO operation (${OPERATION}) VALUES (${VALUES})`],
  ["INSERT INTO resource_state VALUES ('aaaaaaaaaaaa', 'live', 1, UTC_TIMESTAMP())"],
  ["INSERT INTO operation_step VALUES ('aaaaaaaaaaaaaaaaaaaa', 1, 1, 'x', 'succeeded', 1, 1)"],
  [
    "INSERT INTO token (id, sha256, role, name) VALUES ('aaaaaaaaaaaa', SHA2('x', 256), 'administrator', 'x')",
  ],
  ["INSERT INTO server_fact VALUES ('default', 'x', '{}', UTC_TIMESTAMP())"],
  [
    "INSERT INTO audit (at, actor, address, action, resource, outcome) VALUES ('2000-01-01', '', '', '', '', '')",
  ],
  ['SELECT password_hash FROM database_user_version'],
  ['SELECT * FROM database_user_version'],
  ['SELECT * FROM audit'],
  ['SELECT * FROM sculptor_door.managed_database'],
  ["CALL sculptor_door.put_database('aaaaaaaaaaaa', 'x')"],
  ['SELECT * FROM mysql.global_priv'],
  ['CREATE TABLE x (id INT)'],
  ['CREATE DATABASE x'],
  ["CREATE USER x@localhost IDENTIFIED BY 'x'"],
  ["SET PASSWORD FOR root@localhost = PASSWORD('x')"],
  ["SELECT LOAD_FILE('/etc/passwd') INTO OUTFILE '/tmp/x'"],
  ['SET GLOBAL general_log = 1'],
])('the account of the API may not: %s', async (text) => {
  await expect(api.run(text)).rejects.toMatchObject({
    code: expect.stringMatching(
      /^ER_(TABLEACCESS|COLUMNACCESS|DBACCESS|PROCACCESS|SPECIFIC_ACCESS|ACCESS)_DENIED/,
    ),
  });
  expect(agent.snapshot()).toEqual(before);
});
