import { readdirSync } from 'node:fs';
import { accepted, api, createDatabase, createUser, ready, succeeded, unique } from './agent.ts';
import { must, rootSql, run, sculptorctl, sql } from './server.ts';

beforeAll(ready);

const DUMPS = '/var/lib/sculptor-root/trash/databases';

test('a user logs in with the password that was shown, and works in the one database', async () => {
  const database = await createDatabase(unique('shop'));
  const login = await createUser(database.id, { name: unique('u') });
  expect(
    sql(login, 'CREATE TABLE t (x INT); INSERT INTO t VALUES (7); SELECT x FROM t', database.name).out,
  ).toBe('7\n');
  expect(sql({ ...login, password: 'wrong' }, 'SELECT 1').code).not.toBe(0);
});

test('a user sees no other database, not one with a name that _ could stand for', async () => {
  const mine = await createDatabase(unique('a_b'));
  const like = await createDatabase(mine.name.replace('_', 'x'));
  const login = await createUser(mine.id, { name: unique('u') });
  rootSql(`CREATE TABLE ${like.name}.t (x INT)`);
  const visible = sql(login, 'SHOW DATABASES').out.split('\n').filter(Boolean);
  expect(visible.sort()).toEqual([mine.name, 'information_schema'].sort());
  for (const statement of [
    `SELECT * FROM ${like.name}.t`,
    `CREATE TABLE ${like.name}.u (x INT)`,
    'SELECT * FROM mysql.user',
    'SELECT * FROM sculptor.token',
    'CREATE DATABASE another',
    "CREATE USER another IDENTIFIED BY 'x'",
    `GRANT ALL ON ${mine.name}.* TO ${login.name}@localhost`,
    "SELECT LOAD_FILE('/etc/passwd') INTO OUTFILE '/tmp/sculptor-out'",
    'CALL sculptor_door.remove_database("x")',
    'SET GLOBAL max_connections = 1',
  ]) {
    expect([statement, sql(login, statement).code]).toEqual([statement, 1]);
  }
});

test('a user with read privileges reads and changes nothing', async () => {
  const database = await createDatabase(unique('ro'));
  const writer = await createUser(database.id, { name: unique('w') });
  const reader = await createUser(database.id, { name: unique('r'), privileges: 'read' });
  sql(writer, 'CREATE TABLE t (x INT); INSERT INTO t VALUES (1)', database.name);
  expect(sql(reader, 'SELECT x FROM t', database.name).out).toBe('1\n');
  for (const statement of [
    'INSERT INTO t VALUES (2)',
    'UPDATE t SET x = 2',
    'DELETE FROM t',
    'DROP TABLE t',
    'CREATE TABLE u (x INT)',
  ]) {
    expect([statement, sql(reader, statement, database.name).code]).toEqual([statement, 1]);
  }
});

test('after a rotation the old password is refused and the new one works', async () => {
  const database = await createDatabase(unique('rot'));
  const login = await createUser(database.id, { name: unique('u') });
  const rotated = await accepted('POST', `/v1/databases/${database.id}/users/${login.id}/rotate-password`);
  await succeeded(rotated);
  const password = String(rotated.json['password']);
  expect(password).not.toBe(login.password);
  expect(sql(login, 'SELECT 1').code).toBe(1);
  expect(sql({ ...login, password }, 'SELECT 1').out).toBe('1\n');
});

test('a deleted user logs in no more, and the database and its other user stay', async () => {
  const database = await createDatabase(unique('du'));
  const [gone, stays] = [
    await createUser(database.id, { name: unique('g') }),
    await createUser(database.id, { name: unique('s') }),
  ];
  await succeeded(await accepted('DELETE', `/v1/databases/${database.id}/users/${gone.id}`));
  expect(sql(gone, 'SELECT 1').code).toBe(1);
  expect(sql(stays, 'SELECT 1', database.name).out).toBe('1\n');
});

test("deleting a database keeps a dump in root's trash and takes the database and its users away", async () => {
  const database = await createDatabase(unique('del'));
  const login = await createUser(database.id, { name: unique('u') });
  sql(login, "CREATE TABLE kept (x VARCHAR(20)); INSERT INTO kept VALUES ('marker-7261')", database.name);
  await succeeded(await accepted('DELETE', `/v1/databases/${database.name}`));
  expect(rootSql(`SHOW DATABASES LIKE '${database.name}'`)).toBe('');
  expect(rootSql(`SELECT user FROM mysql.global_priv WHERE user = '${login.name}'`)).toBe('');
  const dumps = readdirSync(DUMPS).filter((file) => file.startsWith(database.id));
  expect(dumps).toHaveLength(1);
  const dump = `${DUMPS}/${dumps[0] ?? ''}`;
  expect(must('zcat', ['-f', dump])).toContain('marker-7261');
  expect(must('stat', ['--format=%U %a', dump]).trim()).toBe('root 600');
});

test('a database of a name that was used before begins empty, and the old user has no way in', async () => {
  const name = unique('again');
  const first = await createDatabase(name);
  const old = await createUser(first.id, { name: unique('u') });
  sql(old, 'CREATE TABLE t (x INT)', name);
  await succeeded(await accepted('DELETE', `/v1/databases/${first.id}`));
  const second = await createDatabase(name);
  const fresh = await createUser(second.id, { name: unique('u') });
  expect(sql(fresh, 'SHOW TABLES', name)).toMatchObject({ code: 0, out: '' });
  expect(sql(old, 'SELECT 1').code).toBe(1);
});

test('a database or an account that was there before the agent is refused, and left as it is', async () => {
  const name = unique('foreign');
  rootSql(
    `CREATE DATABASE ${name}; CREATE TABLE ${name}.t (x INT); CREATE USER ${name}@localhost IDENTIFIED BY 'before'`,
  );
  const refused = sculptorctl('database', 'create', name);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.err).toMatch(/^not_ours: /);
  const database = await createDatabase(unique('own'));
  expect(sculptorctl('database', 'user', 'create', database.name, name).err).toMatch(/^not_ours: /);
  expect(sql({ name, password: 'before' }, 'SELECT 1').out).toBe('1\n');
  expect(rootSql(`SHOW TABLES FROM ${name}`)).toBe('t\n');
});

test('a name that could not be had is free again once it could be', async () => {
  const name = unique('later');
  rootSql(`CREATE DATABASE ${name}`);
  expect(sculptorctl('database', 'create', name).code).toBe(1);
  rootSql(`DROP DATABASE ${name}`);
  expect((await createDatabase(name)).status).toBe('live');
});

test('a password is in no file, no log, no state and no process list of the server', async () => {
  const database = await createDatabase(unique('quiet'));
  const { password } = await createUser(database.id, { name: unique('u') });
  const logs = run('journalctl', ['--no-pager', '--output=cat']).out;
  expect(logs.includes(password)).toBe(false);
  const places = [
    '/var/log',
    '/var/lib/sculptor',
    '/var/lib/sculptor-root',
    '/etc/sculptor',
    '/run/sculptor',
  ];
  expect(run('grep', ['-rlaF', '--', password, ...places]).out).toBe('');
  expect(
    must('mariadb-dump', ['--no-defaults', '--socket=/run/mysqld/mysqld.sock', '--all-databases']).includes(
      password,
    ),
  ).toBe(false);
});

test('sculptorctl prints the password of a new user once, and it works', async () => {
  const name = unique('ctl');
  expect(sculptorctl('database', 'create', name).code).toBe(0);
  const { out } = sculptorctl('database', 'user', 'create', name, name);
  const password = /^password (\S+)$/m.exec(out)?.[1] ?? '';
  expect(sql({ name, password }, 'SELECT 1', name).out).toBe('1\n');
  const rotated = sculptorctl('database', 'user', 'rotate-password', name, name);
  expect(
    sql({ name, password: /^password (\S+)$/m.exec(rotated.out)?.[1] ?? '' }, 'SELECT 1', name).out,
  ).toBe('1\n');
  expect((await api('GET', `/v1/databases/${name}/users`)).text).not.toContain(password);
});
