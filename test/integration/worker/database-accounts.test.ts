import { createHash } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import type { Charset, Collation } from '../../../contract/collations.ts';
import { PasswordHash } from '../../../contract/databases.ts';
import { compareGrants } from '../../../contract/grants.ts';
import type { Account } from '../../../contract/grants.ts';
import { DatabaseId, DatabaseUserId, TenantId } from '../../../contract/ids.ts';
import { DatabaseName, DatabaseUserName } from '../../../contract/names.ts';
import { createDatabaseDoor } from '../../../worker-privileged/database-door.ts';
import type { DatabaseDoor } from '../../../worker-privileged/database-door.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import { freshId } from './asked.ts';

/* What of an account and of a database can change: locks, rights, connections, character sets; and what is measured. */

const DEFAULT = TenantId.parse('default');

let servers: Servers;
let door: DatabaseDoor;

beforeAll(async () => {
  servers = await startServers();
  const { socketPath, user, password } = servers.state('sculptor');
  door = createDatabaseDoor({ socketPath, user, password });
});
afterAll(async () => {
  await door.close();
  await servers.stop();
});

const call = (procedure: string, ...values: readonly (string | number)[]) =>
  servers.sql(`CALL sculptor_door.${procedure}(${values.map((value) => JSON.stringify(value)).join(', ')})`);
const counted = () =>
  servers.sql('SELECT kind, COUNT(*) FROM sculptor_door.counted GROUP BY kind ORDER BY kind');

function hashOf(password: string): PasswordHash {
  const once = createHash('sha1').update(password).digest();
  return PasswordHash.parse(`*${createHash('sha1').update(once).digest('hex').toUpperCase()}`);
}

interface CharacterSet {
  readonly charset: Charset;
  readonly collation: Collation;
}
const USUAL: CharacterSet = { charset: 'utf8mb4', collation: 'utf8mb4_unicode_ci' };

async function database(characterSet = USUAL) {
  const id = DatabaseId.parse(freshId());
  const name = DatabaseName.parse(`db_${freshId(6)}`);
  await door.putDatabase(id, { name, ...characterSet, tenant: DEFAULT });
  return { id, name };
}

async function accountIn(
  { id, name }: { id: DatabaseId; name: DatabaseName },
  change: Partial<Account> = {},
) {
  const account: Account = {
    name: DatabaseUserName.parse(`u_${freshId(6)}`),
    database: name,
    privileges: 'all',
    passwordHash: hashOf('first'),
    maxConnections: null,
    ...change,
  };
  const userId = DatabaseUserId.parse(freshId());
  const put = (wanted: Partial<Account> = {}) => door.putUser(userId, id, { ...account, ...wanted });
  await put();
  const look = async (wanted: Partial<Account> = {}) =>
    compareGrants({ ...account, ...wanted }, await door.readUser(userId));
  return { id: userId, name: account.name, put, look };
}

const login = (user: string, password = 'first') =>
  createConnection({ socketPath: servers.mariadb.socket, user, password });
const lockedOut = expect.objectContaining({ errno: 4151 }) as unknown;
const right = { rights: true, password: true, locked: false };

describe('accounts that are locked', () => {
  test('are put out and stay out until they are unlocked, with their rights and passwords as they were', async () => {
    const shop = await database();
    const [one, two] = [await accountIn(shop), await accountIn(shop, { privileges: 'read' })];
    const session = await login(one.name);
    session.on('error', () => undefined);
    call('lock_accounts', shop.id);
    call('lock_accounts', shop.id);
    await expect(session.query('SELECT 1')).rejects.toMatchObject({ fatal: true });
    for (const { name } of [one, two]) await expect(login(name)).rejects.toEqual(lockedOut);
    expect(await one.look()).toEqual({ ...right, locked: true });
    call('unlock_accounts', shop.id);
    for (const { name } of [one, two]) (await login(name)).destroy();
    expect(await two.look({ privileges: 'read' })).toEqual(right);
  });

  test('are locked whatever is asked for meanwhile: the same again, other rights, another password, a new one', async () => {
    const shop = await database();
    const one = await accountIn(shop);
    call('lock_accounts', shop.id);
    await one.put();
    await one.put({ privileges: 'read', maxConnections: 3 });
    await door.putPassword(one.id, hashOf('second'));
    const made = await accountIn(shop);
    await expect(login(one.name, 'second')).rejects.toEqual(lockedOut);
    await expect(login(made.name)).rejects.toEqual(lockedOut);
    call('unlock_accounts', shop.id);
    (await login(one.name, 'second')).destroy();
    (await login(made.name)).destroy();
  });

  test('stay so when their database is closed and opened, and an unlocked one that is closed waits to be opened', async () => {
    const shop = await database();
    const { name } = await accountIn(shop);
    call('lock_accounts', shop.id);
    call('close_database', shop.id);
    call('open_database', shop.id);
    await expect(login(name)).rejects.toEqual(lockedOut);
    call('close_database', shop.id);
    call('unlock_accounts', shop.id);
    await expect(login(name)).rejects.toEqual(lockedOut);
    call('open_database', shop.id);
    (await login(name)).destroy();
  });

  test('come back locked when their database is brought back, and are no other database’s', async () => {
    const [shop, neighbour] = [await database(), await database()];
    const [one, other] = [await accountIn(shop), await accountIn(neighbour)];
    call('lock_accounts', shop.id);
    call('remove_database', shop.id);
    call('restore_database', shop.id, 'utf8mb4', 'utf8mb4_bin');
    call('restore_user', one.id, 'all', hashOf('first'));
    call('open_database', shop.id);
    await expect(login(one.name)).rejects.toEqual(lockedOut);
    (await login(other.name)).destroy();
  });

  test('that somebody unlocks by hand are locked by the next that is asked for', async () => {
    const shop = await database();
    const one = await accountIn(shop);
    call('lock_accounts', shop.id);
    servers.sql(`ALTER USER '${one.name}'@'localhost' ACCOUNT UNLOCK`);
    await one.put();
    await expect(login(one.name)).rejects.toEqual(lockedOut);
  });
});

describe('the rights of an account', () => {
  test('change and change back without another password, and a session does not keep what it had', async () => {
    const shop = await database();
    const one = await accountIn(shop);
    const before = await login(one.name);
    before.on('error', () => undefined);
    await before.query(`CREATE TABLE ${shop.name}.t (x INT)`);
    await one.put({ privileges: 'read' });
    await expect(before.query(`INSERT INTO ${shop.name}.t VALUES (1)`)).rejects.toMatchObject({
      fatal: true,
    });
    expect(await one.look({ privileges: 'read' })).toEqual(right);
    const reader = await login(one.name);
    await expect(reader.query(`INSERT INTO ${shop.name}.t VALUES (1)`)).rejects.toMatchObject({
      errno: 1142,
    });
    reader.on('error', () => undefined);
    await one.put();
    const writer = await login(one.name);
    await writer.query(`INSERT INTO ${shop.name}.t VALUES (1)`);
    writer.destroy();
    expect(await one.look()).toEqual(right);
  });

  test('given are counted as letting in, taken as taking away, and the same again as neither', async () => {
    const shop = await database();
    const one = await accountIn(shop);
    servers.sql('DELETE FROM sculptor_door.counted');
    await one.put();
    expect(counted()).toEqual([]);
    await one.put({ privileges: 'read' });
    expect(counted()).toEqual([['destroy_per_hour', '1']]);
    await one.put();
    await one.put({ maxConnections: 2 });
    expect(counted()).toEqual([
      ['destroy_per_hour', '2'],
      ['let_in_per_hour', '1'],
    ]);
  });
});

describe('the connections of an account', () => {
  test('are as many as were asked for, and no more than any account may have', async () => {
    const shop = await database();
    const one = await accountIn(shop, { maxConnections: 1 });
    const only = await login(one.name);
    await expect(login(one.name)).rejects.toMatchObject({ code: 'ER_USER_LIMIT_REACHED' });
    await one.put({ maxConnections: 2 });
    const second = await login(one.name);
    await expect(login(one.name)).rejects.toMatchObject({ code: 'ER_USER_LIMIT_REACHED' });
    [only, second].forEach((session) => session.destroy());
    await one.put({ maxConnections: 5000 });
    expect(await one.look({ maxConnections: 5000 })).toEqual(right);
    expect((await door.readUser(one.id))[1]).toMatch(/ MAX_USER_CONNECTIONS 30$/);
    const { connectionsPerAccount } = await door.facts();
    expect(connectionsPerAccount).toBe(30);
  });

  test('are capped anew when root sets another limit, and are again what was asked for when it is taken back', async () => {
    const shop = await database();
    const one = await accountIn(shop, { maxConnections: 20 });
    call('set_limit', 'connections_per_account', 4);
    expect((await door.readUser(one.id))[1]).toMatch(/ MAX_USER_CONNECTIONS 4$/);
    expect(await one.look({ maxConnections: 20 })).toEqual(right);
    call('set_limit', 'connections_per_account', 30);
    expect((await door.readUser(one.id))[1]).toMatch(/ MAX_USER_CONNECTIONS 20$/);
  });

  test('are what they were when the database is brought back', async () => {
    const shop = await database();
    const one = await accountIn(shop, { maxConnections: 7 });
    call('remove_database', shop.id);
    call('restore_database', shop.id, 'utf8mb4', 'utf8mb4_bin');
    call('restore_user', one.id, 'all', hashOf('first'));
    call('open_database', shop.id);
    expect(await one.look({ maxConnections: 7 })).toEqual(right);
  });

  test.each([0, -1, 1e12])('are not %d', async (maxConnections) => {
    await expect(accountIn(await database(), { maxConnections })).rejects.toThrow();
  });
});

describe('the character set of a database', () => {
  test('is what was asked for; another is for what is made from then on', async () => {
    const shop = await database({ charset: 'latin1', collation: 'latin1_german2_ci' });
    expect(await door.readDatabase(shop.id)).toEqual({
      name: shop.name,
      charset: 'latin1',
      collation: 'latin1_german2_ci',
    });
    servers.sql(`CREATE TABLE ${shop.name}.old (word VARCHAR(9)); INSERT INTO ${shop.name}.old VALUES ('é')`);
    await door.putDatabase(shop.id, { name: shop.name, ...USUAL, tenant: DEFAULT });
    servers.sql(`CREATE TABLE ${shop.name}.young (word VARCHAR(9))`);
    expect(
      servers.sql(`SELECT table_name, table_collation FROM information_schema.tables
        WHERE table_schema = '${shop.name}' ORDER BY 1`),
    ).toEqual([
      ['old', 'latin1_german2_ci'],
      ['young', 'utf8mb4_unicode_ci'],
    ]);
  });

  test('is one that the server has, and each that it says it has can be had', async () => {
    const { collations } = await door.facts();
    expect(collations).toEqual(
      expect.arrayContaining(['utf8mb4_unicode_ci', 'latin1_swedish_ci', 'ascii_bin']),
    );
    const shop = await database();
    for (const collation of collations) {
      const charset = collation.slice(0, collation.indexOf('_')) as Charset;
      await door.putDatabase(shop.id, { name: shop.name, charset, collation, tenant: DEFAULT });
      expect(await door.readDatabase(shop.id)).toEqual({
        name: shop.name,
        charset,
        collation,
      });
    }
  });

  test.each([
    ['utf8mb4', 'utf8mb4_0900_ai_ci', 'collation_missing'],
    ['utf8mb9', 'utf8mb9_bin', 'collation_missing'],
    ['latin1', 'utf8mb4_bin', 'invalid_request'],
    ['utf8mb4', 'utf8mb4_bin; DROP DATABASE mysql', 'invalid_request'],
    ["utf8mb4' --", 'utf8mb4_bin', 'invalid_request'],
    ['utf8mb4\n', 'utf8mb4\n_bin', 'invalid_request'],
    ['utf8mb4', 'utf8mb4_bin\n', 'invalid_request'],
    ['', '_', 'invalid_request'],
  ])('is not %j with %j, and nothing is made', async (charset, collation, code) => {
    const name = DatabaseName.parse('never_made');
    await expect(
      door.putDatabase(DatabaseId.parse(freshId()), {
        name,
        charset: charset as Charset,
        collation: collation as Collation,
        tenant: DEFAULT,
      }),
    ).rejects.toMatchObject({ failure: { code } });
    expect(servers.sql("SHOW DATABASES LIKE 'never_made'")).toEqual([]);
    expect(servers.sql("SELECT 1 FROM sculptor_door.managed_database WHERE name = 'never_made'")).toEqual([]);
  });
});

describe('the size of a database', () => {
  test('is that of its tables and indexes, and of no others', async () => {
    const [shop, neighbour] = [await database(), await database()];
    expect(await door.measure(shop.id)).toEqual({ data: 0, index: 0 });
    servers.sql(`USE ${shop.name}; CREATE TABLE ${shop.name}.t (x INT PRIMARY KEY, word VARCHAR(200), KEY (word));
      INSERT INTO ${shop.name}.t SELECT seq, REPEAT('a', 200) FROM seq_1_to_20000; ANALYZE TABLE ${shop.name}.t;
      CREATE VIEW ${shop.name}.v AS SELECT * FROM ${shop.name}.t`);
    const measured = await door.measure(shop.id);
    expect(measured?.data).toBeGreaterThan(4_000_000);
    expect(measured?.index).toBeGreaterThan(4_000_000);
    expect(await door.measure(neighbour.id)).toEqual({ data: 0, index: 0 });
    expect(await door.measure(DatabaseId.parse(freshId()))).toBeUndefined();
  });
});
