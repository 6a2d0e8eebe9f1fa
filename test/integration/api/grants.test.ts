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
  ...['visitor_hash', 'health_sample', 'alarm', 'site_check', 'notification'],
  ...['database_name', 'database_user_version', 'database_user_name', 'resource_state', 'operation'],
  ...[
    'operation_step',
    'cancellation',
    'idempotency',
    'audit',
    'audit_seal',
    'planned_change',
    'server_request',
    'token_revocation',
    'token_use',
  ],
  ...['webhook_version', 'webhook_event', 'webhook_delivery', 'webhook_attempt'],
  ...['mail_notice', 'mail_notice_end'],
];
const OPERATION = `id, kind, resource_type, resource_id, resource_name, serial_key, generation, tenant, server, actor`;
const VALUES = `'aaaaaaaaaaaaaaaaaaaa', 'domain.create', 'domain', 'aaaaaaaaaaaa', 'a.example', 'domain:aaaaaaaaaaaa', 1,
  'default', 'default', 'tokenoftests'`;
const TOKEN_ROW = 'id, sha256, name, tenant, scopes, addresses, expires_at, made_by';
const TOKEN_VALUES = `'aaaaaaaaaaaa', SHA2('x', 256), 'x', 'default', '[]', '[]', UTC_TIMESTAMP(), 'tokenoftests'`;

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
  [`INSERT INTO token (${TOKEN_ROW}, role) VALUES (${TOKEN_VALUES}, 'tenant')`],
  [`INSERT INTO token (${TOKEN_ROW}, created_at) VALUES (${TOKEN_VALUES}, '2999-01-01')`],
  [`REPLACE INTO token (${TOKEN_ROW}) VALUES (${TOKEN_VALUES})`],
  [`INSERT INTO token (${TOKEN_ROW}) VALUES (${TOKEN_VALUES}) ON DUPLICATE KEY UPDATE expires_at = NULL`],
  ["UPDATE token SET expires_at = '2999-01-01'"],
  ["UPDATE token_revocation SET token_id = 'x'"],
  ["UPDATE server_request SET type = 'x'"],
  [
    "INSERT INTO server_request (request_id, generation, type, tenant, server, wanted) VALUES ('aaaaaaaaaaaa', 2, 'update', 'default', 'default', '{}')",
  ],
  ["UPDATE token_use SET used_at = '2999-01-01'"],
  ["INSERT INTO tenant (id, name, created_at) VALUES ('aaaaaaaaaaaa', 'x', '2999-01-01')"],
  ["UPDATE tenant SET name = 'x'"],
  ["UPDATE tenant_version SET plan = '{}'"],
  ['DELETE FROM tenant_version'],
  [
    "INSERT INTO tenant_version (tenant_id, generation, tenant, server, name, plan) VALUES ('default', 2, 'x', 'default', 'x', '{}')",
  ],
  ['SELECT * FROM sculptor_door.managed_tenant'],
  ["CALL sculptor_door.put_tenant('default', '', '', '', '0')"],
  ["INSERT INTO server_fact VALUES ('default', 'x', '{}', UTC_TIMESTAMP())"],
  [
    "INSERT INTO audit (at, actor, address, action, resource, outcome) VALUES ('2000-01-01', '', '', '', '', '')",
  ],
  ['SELECT password_hash FROM database_user_version'],
  ['SELECT password_hash FROM visitor_hash'],
  ["UPDATE visitor_hash SET password_hash = 'x'"],
  ["REPLACE INTO visitor_hash VALUES ('aaaaaaaaaaaa', 1, 'anna', 'x')"],
  ['SELECT * FROM database_user_version'],
  ["UPDATE audit SET outcome = 'accepted'"],
  [
    "INSERT INTO audit (source, actor, address, action, resource, outcome) VALUES ('worker', '', '', '', '', '')",
  ],
  ["INSERT INTO audit (seq, actor, address, action, resource, outcome) VALUES (1, '', '', '', '', '')"],
  ["REPLACE INTO audit (actor, address, action, resource, outcome) VALUES ('', '', '', '', '')"],
  ["INSERT INTO audit_seal VALUES (1, 1, '', '')"],
  ['UPDATE audit_seal SET number = 7'],
  ['SELECT hash FROM audit_seal'],
  ['CALL sculptor_door.forget_audit()'],
  [
    "INSERT INTO alarm (server, kind, subject, name, value, since, seen_at) VALUES ('default', 'disk', '/', '/', 0, '2000-01-01', '2000-01-01')",
  ],
  ['UPDATE alarm SET raised_at = NULL'],
  ["INSERT INTO health_sample VALUES ('default', '2000-01-01', 0, 0, 0, 0, 0, '{}')"],
  ['UPDATE site_check SET well = TRUE'],
  ['SELECT * FROM sculptor_door.managed_database'],
  ["CALL sculptor_door.put_database('aaaaaaaaaaaa', 'x', 'utf8mb4', 'utf8mb4_bin', 'default')"],
  ['SELECT * FROM mysql.global_priv'],
  ["UPDATE webhook_version SET url = 'https://elsewhere.example/'"],
  ["UPDATE webhook_attempt SET outcome = 'delivered'"],
  [
    "INSERT INTO webhook_attempt (delivery, number, outcome, duration_ms, created_at) VALUES (1, 1, 'x', 1, '2000-01-01')",
  ],
  ["INSERT INTO webhook_delivery (seq, webhook_id, event_id, sending) VALUES (1, 'aaaaaaaaaaaa', 'x', 1)"],
  ["UPDATE mail_notice SET body = '{}'"],
  ["UPDATE mail_notice_end SET outcome = 'late'"],
  ["INSERT INTO mail_notice (seq, event_id, server, body) VALUES (1, 'x', 'default', '{}')"],
  ["INSERT INTO mail_notice_end (notice, outcome, created_at) VALUES (1, 'late', '2000-01-01')"],
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

test.each(['audit (actor, address, action, resource, outcome)', `operation (${OPERATION})`])(
  'the account of the API may not say which number a row of %s gets, and that nobody can insert one after it',
  async (table) => {
    const values = table.startsWith('audit') ? "'', '', '', '', ''" : VALUES;
    const session = openState({ ...agent.servers.state('www-data'), connections: 1 });
    await session.run('SET insert_id = 18446744073709551614');
    await expect(session.run(`INSERT INTO ${table} VALUES (${values})`)).rejects.toMatchObject({
      sqlState: '45000',
    });
    await session.close();
    expect(agent.snapshot()).toEqual(before);
    const name = `after-${table.slice(0, 5)}.example`;
    expect((await agent.call('POST', '/v1/domains', { body: { name } })).status).toBe(202);
    before = agent.snapshot();
  },
);

describe("of tokens' rows", () => {
  test.each([
    ['without an end', 'NULL', "'tokenoftests'"],
    ['that lasts for years', "'2999-01-01'", "'tokenoftests'"],
    ['that nobody made', 'UTC_TIMESTAMP()', 'NULL'],
    ['that made itself', 'UTC_TIMESTAMP()', "'aaaaaaaaaaaa'"],
    ['whose maker does not exist', 'UTC_TIMESTAMP()', "'nobodynobody'"],
  ])('one %s is refused', async (_, ends, maker) => {
    const text = `INSERT INTO token (id, sha256, name, tenant, scopes, addresses, expires_at, made_by)
      VALUES ('aaaaaaaaaaaa', SHA2('x', 256), 'x', 'default', '[]', '[]', ${ends}, ${maker})`;
    const refused: unknown = await api.run(text).catch((error: unknown) => error);
    // A check, or a foreign key.
    expect([4025, 1452]).toContain((refused as { errno?: number }).errno);
  });

  test('one that names no role is a tenant’s', async () => {
    await api.run(`INSERT INTO token (${TOKEN_ROW}) VALUES (${TOKEN_VALUES})`);
    expect(agent.servers.sql("SELECT role FROM sculptor.token WHERE id = 'aaaaaaaaaaaa'")).toEqual([
      ['tenant'],
    ]);
  });
});
