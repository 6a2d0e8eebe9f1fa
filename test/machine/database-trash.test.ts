import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Database } from '../../contract/databases.ts';
import { accepted, api, createDatabase, createUser, ended, ready, succeeded, unique } from './agent.ts';
import type { Login } from './agent.ts';
import { contentsOf, definersOf, fill } from './contents.ts';
import { ask, changed } from './executor-conversation.ts';
import { must, rootSql, run, sculptorctl, sql } from './server.ts';

beforeAll(ready);

const DUMPS = '/var/lib/sculptor-root/trash/databases';
const dumps = (id: string) => readdirSync(DUMPS).filter((file) => file.startsWith(id));
const record = (id: string) => `/var/lib/sculptor-root/databases/${id}.json`;

type Shop = Database & { readonly writer: Login; readonly other: Login; readonly reader: Login };

/** A database with all that a tenant may put there, and three accounts of which two have defined things. */
async function createShop(): Promise<Shop> {
  const database = await createDatabase(unique('shop'));
  const writer = await createUser(database.id, { name: unique('w') });
  const other = await createUser(database.id, { name: unique('o') });
  const reader = await createUser(database.id, { name: unique('r'), privileges: 'read' });
  fill(writer, database.name);
  fill(other, database.name, 'CREATE VIEW of_other AS SELECT 1 AS one;');
  return { ...database, writer, other, reader };
}

const remove = async (name: string) => succeeded(await accepted('DELETE', `/v1/databases/${name}`));
const restore = async (id: string) => succeeded(await accepted('POST', `/v1/databases/${id}/restore`));
const read = async (id: string) => Database.parse((await api('GET', `/v1/databases/${id}`)).json);
const grants = ({ name }: Login) => rootSql(`SHOW GRANTS FOR '${name}'@'localhost'`);

test('a database that was removed comes back as it was: all it held, its users, their passwords and rights', async () => {
  const shop = await createShop();
  const [before, rights] = [contentsOf(shop.name), [shop.writer, shop.other, shop.reader].map(grants)];
  expect(before).toMatch(/TRIGGER before_child[^]*EVENT `daily`[^]*PROCEDURE `put`/);
  await remove(shop.name);
  expect(await read(shop.id)).toMatchObject({ status: 'trashed' });
  expect(rootSql(`SHOW DATABASES LIKE '${shop.name}'`)).toBe('');
  expect(sql(shop.writer, 'SELECT 1').code).toBe(1);
  for (const path of [record(shop.id), `${DUMPS}/${dumps(shop.id)[0] ?? ''}`])
    expect(must('stat', ['--format=%U:%G %a', path])).toBe('root:root 600\n');

  const { steps } = await restore(shop.id);
  expect(steps.map(({ name }) => name)).toContain('play the dump back');
  expect(contentsOf(shop.name)).toBe(before);
  expect([shop.writer, shop.other, shop.reader].map(grants)).toEqual(rights);
  for (const login of [shop.writer, shop.other, shop.reader])
    expect(sql(login, 'SELECT COUNT(*) FROM calling', shop.name).out).toBe('2\n');
  expect(sql(shop.reader, 'DELETE FROM plain', shop.name).code).toBe(1);
  expect(sql(shop.other, "CALL put('by other'); SELECT words FROM seen WHERE id > 3", shop.name).out).toBe(
    'by other\n',
  );
  expect(definersOf(shop.name)).toEqual([`${shop.writer.name}@localhost`]);
  expect(await read(shop.id)).toMatchObject({ status: 'live' });
  expect(dumps(shop.id)).toEqual([]);
  expect(readFileSync(record(shop.id), 'utf8')).not.toMatch(/\*[0-9A-F]{40}/);
});

test('it is removed and brought back a second time', async () => {
  const shop = await createShop();
  const before = contentsOf(shop.name);
  for (let round = 0; round < 2; round += 1) {
    await remove(shop.name);
    await restore(shop.id);
    expect(contentsOf(shop.name)).toBe(before);
  }
  await succeeded(await accepted('POST', `/v1/databases/${shop.id}/users/${shop.writer.id}/rotate-password`));
});

test('one that only readers could log in to comes back by an account that is gone afterwards', async () => {
  const database = await createDatabase(unique('ro'));
  const writer = await createUser(database.id, { name: unique('w') });
  const reader = await createUser(database.id, { name: unique('r'), privileges: 'read' });
  sql(writer, 'CREATE TABLE t (x INT); INSERT INTO t VALUES (7)', database.name);
  await succeeded(await accepted('DELETE', `/v1/databases/${database.id}/users/${writer.id}`));
  await remove(database.id);
  await restore(database.id);
  expect(sql(reader, 'SELECT x FROM t', database.name).out).toBe('7\n');
  expect(rootSql("SELECT user FROM mysql.global_priv WHERE user LIKE 'sculptor-restore-%'")).toBe('');
});

test('its name and those of its users are free meanwhile, and it comes back when they are again', async () => {
  const shop = await createShop();
  const before = contentsOf(shop.name);
  await remove(shop.name);
  const taker = await createDatabase(shop.name);
  expect(taker.id).not.toBe(shop.id);
  const refused = await api('POST', `/v1/databases/${shop.id}/restore`);
  expect([refused.status, refused.json['type']]).toEqual([409, 'urn:sculptor:problem:name-taken']);
  expect((await ask('sudo', 'database.restore', { id: shop.id })).code).toBe('name_taken');
  await remove(taker.id);
  const elsewhere = await createDatabase(unique('else'));
  const namesake = await createUser(elsewhere.id, { name: shop.other.name });
  expect((await api('POST', `/v1/databases/${shop.id}/restore`)).status).toBe(409);
  expect((await ask('sudo', 'database.restore', { id: shop.id })).code).toBe('name_taken');
  expect(sql(namesake, 'SELECT 1').out).toBe('1\n');
  expect(rootSql(`SHOW DATABASES LIKE '${shop.name}'`)).toBe('');
  await remove(elsewhere.id);
  await restore(shop.id);
  expect(contentsOf(shop.name)).toBe(before);
  expect(sql(shop.other, 'SELECT 1', shop.name).out).toBe('1\n');
});

test('what somebody else has made under its name meanwhile is left alone', async () => {
  const shop = await createShop();
  await remove(shop.name);
  rootSql(`CREATE DATABASE ${shop.name}; CREATE TABLE ${shop.name}.theirs (x INT)`);
  const operation = await ended(await accepted('POST', `/v1/databases/${shop.id}/restore`));
  expect([operation.status, operation.error?.code]).toEqual(['failed', 'not_ours']);
  expect(rootSql(`SHOW TABLES FROM ${shop.name}`)).toBe('theirs\n');
  expect(await read(shop.id)).toMatchObject({ status: 'trashed' });
  rootSql(`DROP DATABASE ${shop.name}`);
  await restore(shop.id);
});

test('removing it ends the sessions of its users, so that nothing is written that the dump has not', async () => {
  const shop = await createShop();
  const session = must('sh', [
    '-c',
    `(echo 'SELECT CONNECTION_ID(); DO SLEEP(600); INSERT INTO plain (words) VALUES ("late");' |
      MYSQL_PWD=${shop.writer.password} mariadb --no-defaults --unbuffered -N --user=${shop.writer.name} \
      --socket=/run/mysqld/mysqld.sock ${shop.name}; echo ended $?) >/tmp/session-${shop.id} 2>&1 &
    until [ -s /tmp/session-${shop.id} ]; do sleep 0.1; done; cat /tmp/session-${shop.id}`,
  ]);
  expect(rootSql(`SELECT COUNT(*) FROM information_schema.processlist WHERE id = ${session.trim()}`)).toBe(
    '1\n',
  );
  await remove(shop.name);
  expect(
    rootSql(`SELECT COUNT(*) FROM information_schema.processlist WHERE user = '${shop.writer.name}'`),
  ).toBe('0\n');
  must('sh', ['-c', `until grep -q '^ended 1' /tmp/session-${shop.id}; do sleep 0.1; done`]);
});

test('one that cannot be dumped is not removed, and its users go on working in it', async () => {
  const shop = await createShop();
  sql(shop.writer, 'CREATE TABLE spoilt (x INT) ENGINE = MyISAM; FLUSH TABLES spoilt', shop.name);
  writeFileSync(`/var/lib/mysql/${shop.name}/spoilt.MYI`, 'no index');
  const operation = await ended(await accepted('DELETE', `/v1/databases/${shop.id}`));
  expect([operation.status, operation.error?.code]).toEqual(['failed', 'not_ready']);
  expect(dumps(shop.id)).toEqual([]);
  expect(sql(shop.writer, 'DROP TABLE spoilt; SELECT 1', shop.name).out).toBe('1\n');
  await remove(shop.id);
});

test('views that cannot be shown are left out of the dump, and named; all else is removed and comes back', async () => {
  const shop = await createShop();
  const before = contentsOf(shop.name);
  const broken = 'CREATE VIEW broken AS SELECT x FROM base; CREATE VIEW `on\nit` AS SELECT x FROM broken';
  sql(shop.writer, `CREATE TABLE base (x INT); ${broken}; DROP TABLE base`, shop.name);
  const { steps } = await remove(shop.name);
  expect(steps.map(({ name }) => name).filter((name) => name.startsWith('left out'))).toEqual([
    'left out of the dump: the broken view broken',
    'left out of the dump: a broken view of another name',
  ]);
  await restore(shop.id);
  expect(contentsOf(shop.name)).toBe(before);
});

test('one with an event at which mariadb-dump would not end is not removed, and that is said at once', async () => {
  const shop = await createShop();
  fill(shop.writer, shop.name, "CREATE EVENT twice ON SCHEDULE EVERY 1 YEAR DO SELECT ';;';");
  const operation = await ended(await accepted('DELETE', `/v1/databases/${shop.id}`));
  expect([operation.status, operation.error?.code]).toEqual(['failed', 'not_ready']);
  expect(sql(shop.writer, 'DROP EVENT twice; SELECT 1', shop.name).out).toBe('1\n');
  await remove(shop.id);
});

test('it is not purged before its time; after it dump and record of its users are gone for good', async () => {
  const shop = await createShop();
  await remove(shop.name);
  for (const way of ['sudo', 'socket'] as const)
    expect((await ask(way, 'database.purge', { id: shop.id })).code).toBe('not_due');
  expect(dumps(shop.id)).toHaveLength(1);
  const entry = JSON.parse(readFileSync(record(shop.id), 'utf8')) as Record<string, unknown>;
  writeFileSync(record(shop.id), JSON.stringify({ ...entry, removedAt: '2020-01-01T00:00:00.000Z' }));
  expect((await ask('socket', 'database.purge', { id: shop.id })).code).toBe('succeeded');
  expect(dumps(shop.id)).toEqual([]);
  expect(readFileSync(record(shop.id), 'utf8')).not.toMatch(/\*[0-9A-F]{40}/);
  expect((await ask('socket', 'database.restore', { id: shop.id })).code).toBe('not_found');
  expect((await ask('socket', 'database.purge', { id: shop.id })).code).toBe('succeeded');
});

test('one that is protected is removed by nobody, neither through the API nor by the executor', async () => {
  const name = unique('kept');
  expect(sculptorctl('database', 'create', '--protect', name).code).toBe(0);
  const { id } = await read(name);
  expect(await read(id)).toMatchObject({ protected: true, status: 'live' });
  const refused = await api('DELETE', `/v1/databases/${id}`);
  expect([refused.status, refused.json['type']]).toEqual([409, 'urn:sculptor:problem:protected']);
  // As if the API had been taken, and its rows with it.
  rootSql(`DELETE FROM sculptor.protection WHERE resource_id = '${id}'`);
  const operation = await ended(await accepted('DELETE', `/v1/databases/${id}`));
  expect([operation.status, operation.error?.code]).toEqual(['failed', 'protected']);
  expect(rootSql(`SHOW DATABASES LIKE '${name}'`)).toBe(`${name}\n`);
  const later = await createDatabase(unique('later'));
  expect(sculptorctl('database', 'update', '--protect', later.name).code).toBe(0);
  expect((await ask('sudo', 'database.remove', { id: later.id })).code).toBe('protected');
});

test('a removal that was broken off goes on where it was, through either way to the executor', async () => {
  const shop = await createShop();
  const before = contentsOf(shop.name);
  expect((await ask('sudo', 'database.remove', { id: shop.id })).code).toBe('succeeded');
  expect(changed(await ask('socket', 'database.remove', { id: shop.id }))).toEqual([]);
  await remove(shop.id);
  const [dump = ''] = dumps(shop.id);
  // As it was before the last of it: closed, its accounts gone, its schema half there.
  const entry = JSON.parse(readFileSync(record(shop.id), 'utf8')) as Record<string, unknown>;
  writeFileSync(record(shop.id), JSON.stringify({ ...entry, removedAt: null }));
  rootSql(`UPDATE sculptor_door.managed_database SET dropped_at = NULL, closed_at = NOW() WHERE id = '${shop.id}';
    CREATE DATABASE ${shop.name}; CREATE TABLE ${shop.name}.half (x INT)`);
  const { mtimeMs } = statSync(`${DUMPS}/${dump}`);
  expect((await ask('socket', 'database.remove', { id: shop.id })).code).toBe('succeeded');
  expect([dumps(shop.id), statSync(`${DUMPS}/${dump}`).mtimeMs]).toEqual([[dump], mtimeMs]);
  expect((await ask('sudo', 'database.restore', { id: shop.id })).code).toBe('succeeded');
  expect(contentsOf(shop.name)).toBe(before);
});

test('no password or hash of it is in a log or a process list, and nobody can read what root keeps', async () => {
  const shop = await createShop();
  const [hash = ''] = /\*[0-9A-F]{40}/.exec(grants(shop.writer)) ?? [];
  await remove(shop.id);
  await restore(shop.id);
  const logs = run('journalctl', ['--no-pager', '--output=cat']).out;
  expect([logs.includes(hash), logs.includes(shop.writer.password)]).toEqual([false, false]);
  const places = ['/var/log', '/var/lib/sculptor', '/var/lib/sculptor-root', '/tmp'];
  expect(run('grep', ['-rlaF', '--', hash, ...places]).out).toBe('');
  expect(run('runuser', ['-u', 'sculptor', '--', 'cat', record(shop.id)]).code).toBe(1);
});
