import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Database } from '../../contract/databases.ts';
import { ENDED, Operation } from '../../contract/operations.ts';
import { Tenant } from '../../contract/tenants.ts';
import { accepted, api, createDatabase, createUser, ended, operationId } from '../machine/agent.ts';
import { ready, succeeded, unique } from '../machine/agent.ts';
import type { Login } from '../machine/agent.ts';
import { must, rootSql as mariadbsSql, run, sculptorctl } from '../machine/server.ts';
import { connect, contentsOf, createTenancy, definersOf, endSessions, fill } from './mysql.ts';
import { login, rootSql, sql, tryIn } from './mysql.ts';

/* All that can be asked for of a database and its users, on a server whose tenants have a MySQL: by the same interface. */

beforeAll(async () => {
  await ready();
  // What the database server has is known once its worker has said so.
  for (;;) {
    const { status, json } = await api('GET', '/v1/server');
    if (status === 200 && (json['collations'] as string[]).includes('utf8mb4_0900_ai_ci')) return;
    await pause(200);
  }
});
afterEach(endSessions);

const read = async (id: string) => Database.parse((await api('GET', `/v1/databases/${id}`)).json);
const remove = async (name: string) => succeeded(await accepted('DELETE', `/v1/databases/${name}`));
const restore = async (id: string) => succeeded(await accepted('POST', `/v1/databases/${id}/restore`));
const shownOf = ({ name }: Login) =>
  rootSql(`SHOW CREATE USER '${name}'@'localhost'; SHOW GRANTS FOR '${name}'@'localhost'`);

test('a database and its user are made on MySQL, where a driver logs in by the password, and not on MariaDB', async () => {
  const shop = await createTenancy(unique('shop_'));
  const session = await connect(shop.writer, shop.name);
  expect(await tryIn(session, 'CREATE TABLE t (x INT)')).toBe('done');
  expect(await tryIn(session, 'INSERT INTO t VALUES (7)')).toBe('done');
  expect((await session.query('SELECT x FROM t'))[0]).toEqual([{ x: 7 }]);
  expect(await login({ ...shop.writer, password: `${shop.writer.password}x` })).toBe(
    'ER_ACCESS_DENIED_ERROR',
  );
  expect(mariadbsSql(`SHOW DATABASES LIKE '${shop.name}'`)).toBe('');
  expect(shownOf(shop.writer)).toContain(`GRANT ALL PRIVILEGES ON \`${shop.name.replaceAll('_', '\\_')}\`.*`);
});

test('a database has the character set that was asked for, and gets another for what is made from then on', async () => {
  const name = unique('cs');
  const made = sculptorctl(
    'database',
    'create',
    name,
    '--charset',
    'latin1',
    '--collation',
    'latin1_german2_ci',
  );
  expect(made.code).toBe(0);
  const { id, charset, collation } = await read(name);
  expect([charset, collation]).toEqual(['latin1', 'latin1_german2_ci']);
  rootSql(`CREATE TABLE ${name}.old (word TEXT)`);
  const asked = { collation: 'utf8mb4_0900_as_cs' };
  const { steps } = await succeeded(await accepted('PATCH', `/v1/databases/${id}`, { body: asked }));
  expect(steps.map((step) => step.name)).toContain('set its character set');
  rootSql(`CREATE TABLE ${name}.young (word TEXT)`);
  expect(
    rootSql(`SELECT table_name, table_collation FROM information_schema.tables WHERE table_schema = '${name}'
      ORDER BY 1`),
  ).toBe('old\tlatin1_german2_ci\nyoung\tutf8mb4_0900_as_cs\n');
});

test('what MySQL has not is refused by its field', async () => {
  const body = { name: unique('no'), collation: 'utf8mb4_uca1400_ai_ci' };
  const { status, json } = await api('POST', '/v1/databases', { body });
  expect([status, json['errors']]).toEqual([422, [expect.objectContaining({ field: 'collation' })]]);
});

test('a user reads and no more where that was asked for, and an open session does not outlive a change', async () => {
  const shop = await createTenancy();
  const session = await connect(shop.writer, shop.name);
  expect(await tryIn(session, 'CREATE TABLE t (x INT)')).toBe('done');
  const path = `/v1/databases/${shop.id}/users/${shop.writer.id}`;
  await succeeded(await accepted('PATCH', path, { body: { privileges: 'read' } }));
  expect(await tryIn(session, 'INSERT INTO t VALUES (1)')).not.toBe('done');
  expect(sql(shop.writer, 'SELECT COUNT(*) FROM t', shop.name).out).toBe('0\n');
  expect(sql(shop.writer, 'INSERT INTO t VALUES (1)', shop.name).err).toMatch(/INSERT command denied/);
  await succeeded(await accepted('PATCH', path, { body: { privileges: 'all' } }));
  expect(sql(shop.writer, 'INSERT INTO t VALUES (1)', shop.name).code).toBe(0);
});

test('the old password lets nobody in after a rotation, though MySQL had it in its cache', async () => {
  const { id, writer } = await createTenancy();
  const session = await connect(writer);
  expect(await login(writer)).toBe('in');
  const answer = await accepted('POST', `/v1/databases/${id}/users/${writer.id}/rotate-password`);
  await succeeded(answer);
  expect(await login(writer)).toBe('ER_ACCESS_DENIED_ERROR');
  expect(await tryIn(session, 'SELECT 1')).not.toBe('done');
  expect(await login({ ...writer, password: String(answer.json['password']) })).toBe('in');
});

test('a user has as many connections as were asked for, and never more than root allows any', async () => {
  const { id } = await createDatabase(unique('conn'));
  const user = await createUser(id, { name: unique('u'), maxConnections: 2 });
  const letIn = async (count: number) => {
    const came = await Promise.allSettled(Array.from({ length: count }, () => connect(user)));
    await endSessions();
    while (
      rootSql(`SELECT COUNT(*) FROM performance_schema.processlist WHERE user = '${user.name}'`) !== '0\n'
    )
      await pause(20);
    return came.filter(({ status }) => status === 'fulfilled').length;
  };
  expect(await letIn(4)).toBe(2);
  expect(sculptorctl('limit', 'set', 'connectionsPerAccount', '1').code).toBe(0);
  expect(await letIn(3)).toBe(1);
  expect(sculptorctl('limit', 'set', 'connectionsPerAccount', '30').code).toBe(0);
  expect(await letIn(4)).toBe(2);
});

test('how much a database holds is measured by itself', async () => {
  const shop = await createTenancy();
  fill(shop, 'CREATE TABLE t (x INT PRIMARY KEY AUTO_INCREMENT, w VARCHAR(200), KEY (w));');
  fill(shop, "INSERT INTO t (w) VALUES (REPEAT('a', 200));");
  for (let round = 0; round < 14; round += 1) fill(shop, 'INSERT INTO t (w) SELECT w FROM t;');
  fill(shop, 'ANALYZE TABLE t;');
  mariadbsSql(`DELETE FROM sculptor.database_size WHERE database_id = '${shop.id}'`);
  for (;;) {
    const { size } = await read(shop.id);
    if (size !== null) {
      expect(size.data).toBeGreaterThan(3_000_000);
      expect(size.index).toBeGreaterThan(3_000_000);
      return;
    }
    await pause(500);
  }
}, 180_000);

const DUMPS = '/var/lib/sculptor-root/trash/databases';

test('a database that was removed comes back as it was: all it held, its users, their passwords, rights and locks', async () => {
  const shop = await createTenancy(unique('shop'));
  const reader = await createUser(shop.id, { name: unique('r'), privileges: 'read', maxConnections: 3 });
  fill(shop);
  const before = [contentsOf(shop.name), shownOf(shop.writer), shownOf(reader)];
  expect(before[0]).toMatch(/TRIGGER[^]*EVENT `daily`[^]*PROCEDURE `put`/);
  const session = await connect(shop.writer, shop.name);
  await remove(shop.name);
  expect(await read(shop.id)).toMatchObject({ status: 'trashed' });
  expect(rootSql(`SHOW DATABASES LIKE '${shop.name}'`)).toBe('');
  expect(await tryIn(session, 'SELECT 1')).not.toBe('done');
  expect(await login(shop.writer)).toBe('ER_ACCESS_DENIED_ERROR');

  await restore(shop.id);
  expect([contentsOf(shop.name), shownOf(shop.writer), shownOf(reader)]).toEqual(before);
  expect(definersOf(shop.name)).toEqual([`${shop.writer.name}@localhost`]);
  expect(sql(reader, 'SELECT COUNT(*) FROM calling', shop.name).out).toBe('2\n');
  expect(sql(reader, 'DELETE FROM plain', shop.name).code).toBe(1);
  expect(sql(shop.writer, "CALL put('again'); SELECT words FROM seen WHERE id > 3", shop.name).out).toBe(
    'again\n',
  );
  expect(rootSql("SELECT user FROM mysql.user WHERE user LIKE 'sculptor-%'")).toBe('');
  expect(readdirSync(DUMPS).filter((file) => file.startsWith(shop.id))).toEqual([]);
});

test('one that only readers could log in to comes back, by an account that is gone afterwards', async () => {
  const shop = await createTenancy();
  const reader = await createUser(shop.id, { name: unique('r'), privileges: 'read' });
  fill(shop, 'CREATE TABLE t (x INT); INSERT INTO t VALUES (7);');
  await succeeded(await accepted('DELETE', `/v1/databases/${shop.id}/users/${shop.writer.id}`));
  await remove(shop.id);
  await restore(shop.id);
  expect(sql(reader, 'SELECT x FROM t', shop.name).out).toBe('7\n');
  expect(rootSql("SELECT user FROM mysql.user WHERE user LIKE 'sculptor-%'")).toBe('');
});

test('a user is deleted whatever it defined, and its name is nobody’s in another database as long as that is there', async () => {
  const [shop, other] = [await createTenancy(), await createDatabase(unique('other'))];
  fill(shop);
  await succeeded(await accepted('DELETE', `/v1/databases/${shop.id}/users/${shop.writer.id}`));
  expect(rootSql(`SELECT user FROM mysql.user WHERE user = '${shop.writer.name}'`)).toBe('');
  expect(definersOf(shop.name)).toEqual([`${shop.writer.name}@localhost`]);
  const body = { name: shop.writer.name };
  const operation = await ended(await accepted('POST', `/v1/databases/${other.id}/users`, { body }));
  expect([operation.status, operation.error?.code]).toEqual(['failed', 'name_taken']);
});

test('what lies in the trash is purged, dump and all', async () => {
  const shop = await createTenancy();
  fill(shop, 'CREATE TABLE t (x INT);');
  await remove(shop.name);
  expect(sculptorctl('purge', 'database', shop.id, '--yes').code).toBe(0);
  expect(readdirSync(DUMPS).filter((file) => file.startsWith(shop.id))).toEqual([]);
});

test('a suspended tenant’s users are locked and put out, and let in again as they were', async () => {
  const made = await accepted('POST', '/v1/tenants', { body: { name: unique('t') } });
  await succeeded(made);
  const { id } = Tenant.parse(made.json['tenant']);
  const headers = { 'sculptor-tenant': id };
  const asTenant = async (path: string, body: object) => {
    const answer = await accepted('POST', path, { body, headers });
    for (;;) {
      const { json } = await api('GET', `/v1/operations/${operationId(answer)}`, { headers });
      if (ENDED.has(Operation.parse(json).status)) return answer;
      await pause(50);
    }
  };
  const name = unique('of');
  await asTenant('/v1/databases', { name });
  const { json } = await asTenant(`/v1/databases/${name}/users`, { name });
  const user = { id: '', name, password: String(json['password']) };
  const before = shownOf(user);
  const session = await connect(user);
  await succeeded(await accepted('POST', `/v1/tenants/${id}/suspend`, { body: { reason: 'unpaid' } }));
  expect(await login(user)).toBe('ER_ACCOUNT_HAS_BEEN_LOCKED');
  expect(await tryIn(session, 'SELECT 1')).not.toBe('done');
  await succeeded(await accepted('POST', `/v1/tenants/${id}/resume`));
  expect(await login(user)).toBe('in');
  expect(shownOf(user)).toBe(before);
});

test("root's shell reads and writes in one database, is refused elsewhere, and leaves no account", async () => {
  const [database, other] = [await createDatabase(unique('sh')), await createDatabase(unique('sh'))];
  const shell = (input: string) => run('sculptorctl', ['database', 'shell', database.name], input);
  const done = shell("CREATE TABLE t (w TEXT); INSERT INTO t VALUES ('seen'); SELECT * FROM t;");
  expect([done.code, done.out]).toEqual([0, 'w\nseen\n']);
  for (const statement of [
    `CREATE TABLE ${other.name}.t (x INT)`,
    ...['SELECT * FROM mysql.user', 'SELECT * FROM sculptor_door.setting', 'CREATE VIEW v AS SELECT 1'],
    ...["LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t", '\\! id >/tmp/shell-ran', 'source /etc/passwd'],
  ])
    expect([statement, shell(`${statement};\n`).code]).toEqual([statement, 1]);
  expect(rootSql("SELECT user FROM mysql.user WHERE user LIKE 'sculptor-%'")).toBe('');
});

test('a page of a site speaks with its database there', async () => {
  const [host, shop] = [`${unique('php')}.example`, await createTenancy()];
  fill(shop, 'CREATE TABLE t (x INT); INSERT INTO t VALUES (7);');
  await succeeded(await accepted('POST', '/v1/domains', { body: { name: host, type: 'php' } }));
  const { id } = (await api('GET', `/v1/domains/${host}`)).json as { id: string };
  const code = `<?php $db = new mysqli('localhost', '${shop.writer.name}', '${shop.writer.password}', '${shop.name}', 0, '/run/mysql/mysqld.sock');
    echo $db->query('SELECT x FROM t')->fetch_row()[0];`;
  must('runuser', ['-u', `s-${id}`, '--', 'tee', `/home/www/${host}/public/index.php`], code);
  expect(must('curl', ['--silent', '--header', `Host: ${host}`, 'http://127.0.0.1/'])).toBe('7');
});

test('doctor finds nothing wrong with MySQL', () => {
  const said = sculptorctl('doctor').out.split('\n');
  expect(said.filter((line) => line.startsWith('WRONG') && /mysql|mariadb/i.test(line))).toEqual([]);
});

test('run again the installer finds everything as it should be, and no server with databases is left for another', () => {
  const install = (...more: readonly string[]) =>
    run('/usr/src/sculptor-agent/scripts/install.sh', ['--yes', ...more]);
  const again = install();
  expect([again.code, again.out.match(/^(created|changed) .*$/gm)]).toEqual([0, null]);
  const facts = readFileSync('/etc/sculptor/agent.json', 'utf8');
  const left = install('--mysql', 'none');
  expect([left.code, left.err]).toEqual([1, expect.stringMatching(/do not move to another server/)]);
  expect(readFileSync('/etc/sculptor/agent.json', 'utf8')).toBe(facts);
}, 300_000);

test('the door has the same tables on both servers', () => {
  const columns = `SELECT table_name, column_name, data_type, COALESCE(character_maximum_length, ''), is_nullable
    FROM information_schema.columns WHERE table_schema = 'sculptor_door' AND table_name <> 'applied'
      AND table_name NOT LIKE 'server\\_%' ORDER BY 1, 2`;
  expect(rootSql(columns)).toBe(mariadbsSql(columns));
});
