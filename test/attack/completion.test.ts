import {
  api,
  createDatabase,
  createDomain,
  createUser,
  readOperation,
  ready,
  unique,
  updateDomain,
} from '../machine/agent.ts';
import { rootSql } from '../machine/server.ts';
import { accepted, refused } from './attempt.ts';
import {
  CARELESS,
  carriedOut,
  endsOf,
  forgeDatabase,
  forgeDomain,
  forgeUser,
  insertForged,
  newId,
  QUEUE,
  realDatabase,
  wakeForged,
} from './forgery.ts';
import { newTenant } from './new-tenant.ts';
import { API, SCULPTOR, script, sqlAs } from './thieves.ts';

/* Row 26: an operation that ended otherwise than the worker ended it. */

let domain: { readonly id: string; readonly name: string };
let operation: string;

beforeAll(async () => {
  await ready();
  domain = await createDomain({ name: `${unique('c')}.example`, type: 'static' });
  operation = rootSql(`SELECT id FROM sculptor.operation WHERE resource_id = '${domain.id}'`).trim();
});

/** All that says how something went, and what stands. */
const told = () =>
  [
    'operation',
    'operation_step',
    'resource_state',
    'server_fact',
    'notification',
    'domain_version',
    'domain_name',
  ]
    .map((table) =>
      rootSql(`SELECT * FROM sculptor.${table} WHERE '${table}' <> 'server_fact' ORDER BY 1, 2, 3`),
    )
    .join('\n--\n');

const row = (more: Readonly<Record<string, string>> = {}) => {
  const columns = {
    ...{ id: `'${newId(20)}'`, kind: "'domain.delete'", resource_type: "'domain'", generation: '2' },
    ...{ resource_id: `'${domain.id}'`, resource_name: "'x'", serial_key: `'domain:${domain.id}'` },
    ...{ tenant: "'default'", server: "'elsewhere'", actor: "'x'", ...more },
  };
  return `sculptor.operation (${Object.keys(columns).join(', ')}) VALUES (${Object.values(columns).join(', ')})`;
};

/** Each would make an operation be what it is not, or take it away. */
const FORGERIES = () => [
  `UPDATE sculptor.operation SET status = 'succeeded' WHERE id = '${operation}'`,
  `UPDATE sculptor.operation SET epoch = epoch + 1`,
  `UPDATE sculptor.operation SET attempt = 0, ended_at = NULL`,
  `UPDATE sculptor.operation o JOIN sculptor.tenant t SET o.status = 'queued'`,
  `DELETE FROM sculptor.operation WHERE id = '${operation}'`,
  `TRUNCATE sculptor.operation`,
  ...['status', 'epoch', 'attempt', 'started_at', 'ended_at', 'created_at', 'error_code', 'seq'].map(
    (column) => `INSERT INTO ${row({ [column]: column === 'status' ? "'succeeded'" : '1' })}`,
  ),
  `REPLACE INTO ${row({ id: `'${operation}'` })}`,
  `INSERT INTO ${row({ id: `'${operation}'` })} ON DUPLICATE KEY UPDATE status = 'failed'`,
  `INSERT INTO ${row({ id: `'${operation}'` })} ON DUPLICATE KEY UPDATE epoch = 9, resource_id = 'x'`,
  `INSERT INTO sculptor.operation SELECT * FROM sculptor.operation WHERE id = '${operation}'`,
  `LOAD DATA INFILE '/etc/passwd' REPLACE INTO TABLE sculptor.operation`,
  `LOAD DATA LOCAL INFILE '/etc/passwd' REPLACE INTO TABLE sculptor.operation`,
  `SELECT * FROM sculptor.operation INTO OUTFILE '/var/lib/mysql/x'`,
  ...['operation_step', 'resource_state', 'server_fact', 'notification', 'tenant', 'server'].flatMap(
    (table) => [
      `INSERT INTO sculptor.${table} SELECT * FROM sculptor.${table} LIMIT 1`,
      `DELETE FROM sculptor.${table}`,
      `REPLACE INTO sculptor.${table} SELECT * FROM sculptor.${table} LIMIT 1`,
    ],
  ),
  `UPDATE sculptor.resource_state SET status = 'deleted'`,
  `UPDATE sculptor.operation_step SET status = 'succeeded'`,
  ...[
    'domain_version',
    'domain_name',
    'database_version',
    'database_user_version',
    'idempotency',
    'cancellation',
  ].flatMap((table) => [`DELETE FROM sculptor.${table}`, `TRUNCATE sculptor.${table}`]),
  `UPDATE sculptor.domain_version SET name = 'x.example'`,
  `INSERT INTO sculptor.domain_name (name, domain_id, tenant) VALUES ('${domain.name}', 'x', 'default')
    ON DUPLICATE KEY UPDATE domain_id = 'x'`,
  `UPDATE sculptor.idempotency SET response = '{}'`,
  `REPLACE INTO sculptor.idempotency (token_id, key_sha256, request_sha256, response) VALUES ('a', 'b', 'c', '{}')`,
  `CREATE VIEW sculptor.v AS SELECT * FROM sculptor.operation`,
  `CREATE OR REPLACE VIEW sculptor.operation AS SELECT 1`,
  `CREATE TRIGGER sculptor.t BEFORE INSERT ON sculptor.operation FOR EACH ROW SET NEW.status = 'succeeded'`,
  `CREATE TEMPORARY TABLE sculptor.operation (id INT)`,
  `CREATE PROCEDURE sculptor.p() UPDATE sculptor.operation SET status = 'failed'`,
  `CREATE EVENT sculptor.e ON SCHEDULE EVERY 1 SECOND DO DELETE FROM sculptor.operation`,
  `ALTER TABLE sculptor.operation ALTER status SET DEFAULT 'succeeded'`,
  `DROP TABLE sculptor.operation`,
  `RENAME TABLE sculptor.operation TO sculptor.o`,
  `LOCK TABLES sculptor.operation WRITE`,
  `SET GLOBAL read_only = 1`,
  `SET GLOBAL general_log_file = '/etc/sudoers.d/x'`,
  `GRANT ALL ON sculptor.* TO CURRENT_USER`,
  `SET ROLE root`,
  `SET PASSWORD FOR root@localhost = ''`,
  `CALL sculptor_door.drop_database('x')`,
  `KILL 1`,
  `FLUSH TABLES`,
];

test('row 26: the API ends, changes or removes nothing in the database', async () => {
  const before = told();
  const statements = FORGERIES().map((statement) => statement.replace(/\s+/g, ' '));
  await refused(26, [
    {
      what: 'statements',
      act: () => {
        const came = sqlAs(API, [CARELESS, ...statements]).slice(1);
        return statements.filter((_, index) => came[index] === 'done');
      },
      refusal: [],
      times: statements.length,
    },
  ]);
  expect(told()).toBe(before);
});

test('row 26: the worker’s account changes nothing that was asked for, and makes no operation', async () => {
  const before = told();
  const statements = [
    `INSERT INTO ${row()}`,
    `DELETE FROM sculptor.operation`,
    `UPDATE sculptor.operation SET kind = 'domain.delete'`,
    `UPDATE sculptor.operation SET resource_id = 'x', tenant = 'x', generation = 9`,
    `UPDATE sculptor.domain_version SET name = 'x.example'`,
    `INSERT INTO sculptor.domain_name (name, domain_id, tenant) VALUES ('x.example', 'x', 'default')`,
    `DELETE FROM sculptor.audit`,
    `UPDATE sculptor.audit SET outcome = 'succeeded'`,
    `DELETE FROM sculptor.audit_seal`,
    `UPDATE sculptor.audit_seal SET hash = ''`,
    `DELETE FROM sculptor.operation_step`,
    `UPDATE sculptor.operation_step SET status = 'succeeded'`,
    `DELETE FROM sculptor.resource_state`,
    `DELETE FROM sculptor.protection`,
    `UPDATE sculptor.token SET role = 'administrator'`,
    `INSERT INTO sculptor.token (id, sha256, name) VALUES ('x', 'x', 'x')`,
    `DELETE FROM sculptor.notification`,
  ];
  await refused(26, [
    {
      what: 'statements',
      act: () => sqlAs(SCULPTOR, statements).includes('done'),
      refusal: false,
      times: statements.length,
    },
  ]);
  expect(told()).toBe(before);
});

test('row 26: progress that somebody else publishes is no progress', async () => {
  const before = await readOperation(operation);
  const publish = `const told = (asked) => asked.then((all) => String(all), ({ message }) => message.split(' ')[0]);
    return [await told(redis.publish('sculptor:operations', '${operation}')),
      await told(redis.eval("return redis.call('PUBLISH', 'sculptor:operations', ARGV[1])", 0, '{"status":"failed"}'))];`;
  await refused(26, [
    {
      what: 'the API publishes',
      act: () => JSON.stringify(script(API, `${QUEUE}\n${publish}`)).includes('NOPERM'),
      refusal: true,
      times: 2,
    },
    // The worker's own account may: whoever follows reads the database again and is told the same as before.
    {
      what: 'the worker publishes what did not happen',
      act: () =>
        script(SCULPTOR, `${QUEUE}\n${publish} return null;`) !== undefined && readOperation(operation),
      refusal: before,
    },
  ]);
});

test('row 26: a version far ahead is not carried out, so that no resource has its last one', async () => {
  // What is carried out is never carried out again, nor anything older: 2147483647 would have been the end of it.
  const tenant = newTenant();
  const forged = forgeDomain(tenant);
  await carriedOut(forged);
  const version = { ...forged.rows['version'], generation: 2_147_483_647 };
  const { resource_id, serial_key } = forged.rows['operation'] ?? {};
  const about = { resource_id: resource_id ?? '', serial_key: serial_key ?? '', generation: 2_147_483_647 };
  const ahead = forgeDomain(tenant, { version, operation: about }, 'domain.update');
  await refused(26, [
    {
      what: 'the last version there can be',
      act: async () => {
        insertForged([ahead]);
        wakeForged([ahead.operation]);
        return (await endsOf([ahead.operation])).get(ahead.operation);
      },
      refusal: { status: 'failed', code: 'invalid_request', audited: 1 },
    },
  ]);
});

test('row 26: another’s account is not gone because a forged database that it is said to be in is', async () => {
  const tenant = newTenant();
  const [own, victims] = [await realDatabase(tenant), await createDatabase(unique('c'))];
  const account = await createUser(victims.id, { name: unique('c') });
  const into = { user_id: account.id, generation: 9, name: account.name };
  const { rows } = forgeUser({ tenant, database: own }, { version: into });
  const removal = { database_id: own, generation: 2, name: own, deleted: 1 };
  const about = { resource_id: own, serial_key: `database:${own}`, generation: 2 };
  const forged = forgeDatabase(tenant, { version: removal, operation: about }, 'database.delete');
  insertForged([{ operation: '', rows: { version: rows['version'] ?? {} } }]);
  await carriedOut(forged);
  const stands = rootSql(`SELECT status FROM sculptor.resource_state WHERE resource_id = '${account.id}'`);
  expect(stands).toBe('live\n');
  await refused(26, [
    {
      what: 'its owner reads it',
      act: async () => (await api('GET', `/v1/databases/${victims.id}/users`)).text.includes(account.id),
      refusal: true,
    },
  ]);
});

test('row 26: what a stolen API asks for in the right form is carried out, and what it wrote stays', async () => {
  // By design: it may ask for whatever a valid call could ask for, take back what waits, and squat names and keys
  // of idempotency; root takes its rows away. It said nothing of how anything went: that is the worker's alone.
  const other = await createDomain({ name: `${unique('c')}.example`, type: 'static' });
  expect((await updateDomain(other.id, { enabled: false })).status).toBe('succeeded');
  const tenant = newTenant();
  await carriedOut(forgeDomain(tenant));
  accepted(26);
});

test('row 26: no clock of a session’s own makes a token that lasts longer, or a line of the audit of another time', () => {
  const id = newId();
  const made = sqlAs(API, [
    CARELESS,
    "SET timestamp = UNIX_TIMESTAMP('2037-01-01'), time_zone = '-11:00'",
    `INSERT INTO sculptor.token (id, sha256, name, tenant, scopes, addresses, expires_at, made_by)
      SELECT '${id}', SHA2('${id}', 256), 'x', 'default', '[]', '[]', '2037-12-30', id FROM sculptor.token
      WHERE role = 'administrator' LIMIT 1`,
    `INSERT INTO sculptor.audit (actor, address, action, resource, outcome) VALUES ('${id}', 'x', 'x', 'x', 'x')`,
  ]);
  expect(made).toEqual(['done', 'done', 'done', 'done']);
  const ages =
    rootSql(`SELECT ABS(TIMESTAMPDIFF(SECOND, created_at, UTC_TIMESTAMP())) < 60 FROM sculptor.token WHERE id = '${id}'
    UNION ALL SELECT ABS(TIMESTAMPDIFF(SECOND, at, UTC_TIMESTAMP())) < 60 FROM sculptor.audit WHERE actor = '${id}'`);
  expect(ages).toBe('1\n1\n');
});
