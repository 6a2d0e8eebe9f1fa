import { createHash, randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { PasswordHash } from '../../../contract/databases.ts';
import type { Privileges } from '../../../contract/databases.ts';
import { FailureError } from '../../../contract/failures.ts';
import { DatabaseId, DatabaseUserId, TenantId } from '../../../contract/ids.ts';
import type { OperationId } from '../../../contract/ids.ts';
import { DatabaseName, DatabaseUserName } from '../../../contract/names.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { createDatabaseDoor } from '../../../worker-privileged/database-door.ts';
import type { Schema } from '../../../worker-privileged/database-changes.ts';
import type { DatabaseDoor } from '../../../worker-privileged/database-door.ts';
import { compareGrants } from '../../../contract/grants.ts';
import type { Account } from '../../../contract/grants.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import { askDomain, freshId } from './asked.ts';

let servers: Servers;
let door: DatabaseDoor;
/** sculptor's own session, to try what the door would not. */
let sculptor: State;

beforeAll(async () => {
  servers = await startServers();
  const { socketPath, user, password } = servers.state('sculptor');
  door = createDatabaseDoor({ socketPath, user, password });
  sculptor = openState(servers.state('sculptor'));
});
afterAll(async () => {
  await Promise.all([door.close(), sculptor.close()]);
  await servers.stop();
});

function sha1(bytes: Buffer | string): Buffer {
  return createHash('sha1').update(bytes).digest();
}

function hashOf(password: string): PasswordHash {
  return PasswordHash.parse(`*${sha1(sha1(password)).toString('hex').toUpperCase()}`);
}

const PASSWORD = 'a long password of a site';

function schema(name: DatabaseName): Schema {
  return { name, charset: 'utf8mb4', collation: 'utf8mb4_unicode_ci', tenant: TenantId.parse('default') };
}

async function database(name: string): Promise<DatabaseId> {
  const id = DatabaseId.parse(freshId());
  await door.putDatabase(id, schema(DatabaseName.parse(name)));
  return id;
}

/** As the executor does it, which has dumped it before. */
function remove(id: DatabaseId): void {
  servers.sql(`CALL sculptor_door.remove_database('${id}')`);
}

interface Made {
  readonly id: DatabaseUserId;
  readonly account: Account;
}

async function user(
  databaseId: DatabaseId,
  name: string,
  { of, privileges = 'all' }: { readonly of: string; readonly privileges?: Privileges },
): Promise<Made> {
  const id = DatabaseUserId.parse(freshId());
  const account = {
    name: DatabaseUserName.parse(name),
    database: DatabaseName.parse(of),
    privileges,
    passwordHash: hashOf(PASSWORD),
    maxConnections: null,
  };
  await door.putUser(id, databaseId, account);
  return { id, account };
}

/** What a site does: logs in with its password. */
async function asUser<T>(
  name: string,
  work: (connection: Connection) => Promise<T>,
  password = PASSWORD,
): Promise<T> {
  const connection = await createConnection({ socketPath: servers.mariadb.socket, user: name, password });
  try {
    return await work(connection);
  } finally {
    connection.destroy();
  }
}

async function tables(connection: Connection, database: string): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT v FROM ${database}.t`);
  return rows.length;
}

const refusal = (code: string): unknown =>
  expect.objectContaining({ failure: expect.objectContaining({ code }) });

describe('a database and its account', () => {
  test('are made, and the account reads and writes there and nowhere else', async () => {
    const shop = await database('shop');
    const { id, account } = await user(shop, 'shop_user', { of: 'shop' });
    expect(schema('shop' as DatabaseName)).toMatchObject((await door.readDatabase(shop)) ?? {});
    expect(compareGrants(account, await door.readUser(id))).toEqual({
      rights: true,
      password: true,
      locked: false,
    });
    await asUser('shop_user', async (connection) => {
      await connection.query('CREATE TABLE shop.t (v INT)');
      await connection.query('INSERT INTO shop.t VALUES (1)');
      expect(await tables(connection, 'shop')).toBe(1);
      const [seen] = await connection.query<RowDataPacket[]>('SHOW DATABASES');
      expect(seen.map((row) => row['Database'] as string).sort()).toEqual(['information_schema', 'shop']);
      for (const text of [
        'CREATE DATABASE another',
        "CREATE USER 'friend'@'localhost'",
        "GRANT SELECT ON shop.* TO 'shop_user'@'%'",
        'SELECT * FROM mysql.global_priv',
        'SELECT * FROM sculptor.operation',
        'SELECT * FROM sculptor_door.managed_user',
        'CALL sculptor_door.remove_database("x")',
        "SELECT LOAD_FILE('/etc/passwd') INTO OUTFILE '/tmp/x'",
        'SET GLOBAL max_connections = 1',
      ]) {
        await expect(connection.query(text)).rejects.toMatchObject({
          sqlState: expect.stringMatching(/^42|^28|^HY/),
        });
      }
    });
  });

  test('do not leave their name to another database while what they defined is still there', async () => {
    const here = await database('definer_here');
    const { id } = await user(here, 'definer', { of: 'definer_here' });
    await user(here, 'bystander', { of: 'definer_here' });
    await asUser('definer', (connection) =>
      connection.query('CREATE PROCEDURE definer_here.p() SQL SECURITY DEFINER SELECT CURRENT_USER()'),
    );
    await door.dropUser(id);
    const there = await database('definer_there');
    await expect(user(there, 'definer', { of: 'definer_there' })).rejects.toEqual(refusal('name_taken'));
    remove(here);
    await expect(user(there, 'definer', { of: 'definer_there' })).resolves.toBeDefined();
  });

  test('stand the second time as the first: nothing is refused, nothing changes', async () => {
    const id = await database('again');
    const made = await user(id, 'again_user', { of: 'again' });
    const before = await door.readUser(made.id);
    await door.putDatabase(id, schema(made.account.database));
    await door.putUser(made.id, id, made.account);
    expect(await door.readUser(made.id)).toEqual(before);
  });

  test('whose name holds _ do not reach a database whose name has a letter there', async () => {
    const under = await database('a_b');
    const letter = await database('axb');
    await user(under, 'of_under', { of: 'a_b' });
    await user(letter, 'of_letter', { of: 'axb' });
    await asUser('of_letter', (connection) => connection.query('CREATE TABLE axb.t (v INT)'));
    await asUser('of_under', async (connection) => {
      await connection.query('CREATE TABLE a_b.t (v INT)');
      await expect(tables(connection, 'axb')).rejects.toMatchObject({ code: 'ER_TABLEACCESS_DENIED_ERROR' });
    });
  });

  test('with the right to read only, do not write', async () => {
    const id = await database('readers');
    await user(id, 'readers_all', { of: 'readers' });
    await user(id, 'readers_read', { of: 'readers', privileges: 'read' });
    await asUser('readers_all', (connection) => connection.query('CREATE TABLE readers.t (v INT)'));
    await asUser('readers_read', async (connection) => {
      expect(await tables(connection, 'readers')).toBe(0);
      await expect(connection.query('INSERT INTO readers.t VALUES (1)')).rejects.toMatchObject({
        code: 'ER_TABLEACCESS_DENIED_ERROR',
      });
    });
  });
});

describe('a password', () => {
  test('is changed without the rights being touched, and whoever came in with the former one is put out', async () => {
    const id = await database('rotate');
    const made = await user(id, 'rotate_user', { of: 'rotate' });
    await asUser('rotate_user', (live) => live.query('CREATE TABLE rotate.t (v INT)'));
    let rotating = true;
    const rotated = (async () => {
      for (let i = 0; i < 20; i += 1) await door.putPassword(made.id, hashOf(`other ${i}`));
      await door.putPassword(made.id, hashOf('another'));
    })().finally(() => (rotating = false));
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it ends meanwhile
    while (rotating) expect(compareGrants(made.account, await door.readUser(made.id)).rights).toBe(true);
    await rotated;
    await expect(asUser('rotate_user', () => Promise.resolve())).rejects.toMatchObject({
      code: 'ER_ACCESS_DENIED_ERROR',
    });
    expect(await asUser('rotate_user', (connection) => tables(connection, 'rotate'), 'another')).toBe(0);
    const grants = await door.readUser(made.id);
    expect(compareGrants(made.account, grants)).toEqual({ rights: true, password: false, locked: false });
    expect(compareGrants({ ...made.account, passwordHash: hashOf('another') }, grants)).toEqual({
      ...{ rights: true, password: true, locked: false },
    });
  });

  test('of an account that was never made here is not changed', async () => {
    await expect(door.putPassword(DatabaseUserId.parse(freshId()), hashOf('x'))).rejects.toEqual(
      refusal('not_found'),
    );
  });
});

describe('what was removed', () => {
  test('gives nobody rights on what is made under its name later', async () => {
    const first = await database('reused');
    await user(first, 'reused_old', { of: 'reused' });
    remove(first);
    await expect(asUser('reused_old', () => Promise.resolve())).rejects.toMatchObject({
      code: 'ER_ACCESS_DENIED_ERROR',
    });
    const second = await database('reused');
    expect(servers.sql("SELECT user FROM mysql.db WHERE db LIKE 'reused%'")).toEqual([]);
    const { id } = await user(second, 'reused_old', { of: 'reused' });
    expect(await door.readUser(id)).toHaveLength(4);
    expect(await door.readDatabase(first)).toBeUndefined();
  });

  test('is removed again without harm to what has its name now', async () => {
    const first = await database('twice');
    const old = await user(first, 'twice_user', { of: 'twice' });
    remove(first);
    const second = await database('twice');
    const now = await user(second, 'twice_user', { of: 'twice' });
    await door.dropUser(old.id);
    remove(first);
    expect(await door.readDatabase(second)).toMatchObject({ name: 'twice' });
    expect(await door.readUser(now.id)).toHaveLength(4);
  });

  test('leaves no session behind that could do in the next database of its name what it could do in this one', async () => {
    const first = await database('left');
    await user(first, 'left_user', { of: 'left' });
    await asUser('left_user', async (live) => {
      live.on('error', () => undefined);
      await live.query('USE `left`');
      remove(first);
      await database('left');
      await expect(live.query('CREATE TABLE t (v INT)')).rejects.toMatchObject({ fatal: true });
    });
  });

  test('is not put back under its old id', async () => {
    const id = await database('gone_id');
    remove(id);
    await expect(door.putDatabase(id, schema(DatabaseName.parse('gone_id')))).rejects.toEqual(
      refusal('invalid_request'),
    );
  });

  test('is gone: account and schema', async () => {
    const id = await database('removed');
    const made = await user(id, 'removed_user', { of: 'removed' });
    await door.dropUser(made.id);
    expect(await door.readUser(made.id)).toEqual([]);
    expect(servers.sql("SELECT user FROM mysql.global_priv WHERE user = 'removed_user'")).toEqual([]);
    remove(id);
    expect(servers.sql("SHOW DATABASES LIKE 'removed'")).toEqual([]);
  });
});

describe('what was there before', () => {
  test.each([
    ['a schema', 'CREATE DATABASE theirs', 'theirs'],
    ['a schema that differs in case', 'CREATE DATABASE Cased', 'cased'],
    [
      'rights on a schema that is not there',
      'CREATE USER s1@localhost; GRANT SELECT ON stale.* TO s1@localhost',
      'stale',
    ],
    ['rights on a pattern', 'CREATE USER s2@localhost; GRANT SELECT ON `pat%`.* TO s2@localhost', 'pattern'],
    ['rights on a table', 'CREATE USER s3@localhost; GRANT CREATE ON tabled.t TO s3@localhost', 'tabled'],
  ])('%s is never adopted as a database', async (_what, before, name) => {
    servers.sql(before);
    await expect(database(name)).rejects.toEqual(refusal('not_ours'));
    expect(servers.sql(`SELECT COUNT(*) FROM sculptor_door.managed_database WHERE name = '${name}'`)).toEqual(
      [['0']],
    );
  });

  test.each(['localhost', '%', '10.0.0.1'])('an account at %s is never adopted', async (host) => {
    const name = `their_${freshId(6)}`;
    servers.sql(`CREATE USER '${name}'@'${host}' IDENTIFIED BY 'theirs'`);
    const schema = `d_${freshId(6)}`;
    const id = await database(schema);
    await expect(user(id, name, { of: schema })).rejects.toEqual(refusal('not_ours'));
    expect(servers.sql(`SELECT COUNT(*) FROM mysql.db WHERE user = '${name}'`)).toEqual([['0']]);
  });

  test('a name that another resource holds is refused', async () => {
    await database('held');
    await expect(database('held')).rejects.toEqual(refusal('name_taken'));
  });
});

describe('the procedures, called with what the contract would not let pass', () => {
  const id = 'abcdefghijkl';
  const long = 'a'.repeat(64);
  test.each([
    'mysql',
    'sys',
    'information_schema',
    'performance_schema',
    'sculptor',
    'sculptor_door',
    'test',
    'a\n',
    'a\nb',
    '\na',
    'a\u0000',
    'a`b',
    "a'b",
    'a b',
    'a%',
    'A',
    'MySQL',
    'a.b',
    'a\\',
    '',
    '1a',
    '_a',
    'ä',
    'a'.repeat(49),
    long,
    `${long}a`,
    'a'.repeat(300),
  ])('make no database %j', async (name) => {
    const before = servers.sql('SHOW DATABASES');
    await expect(door.putDatabase(id as DatabaseId, schema(name as DatabaseName))).rejects.toThrow();
    expect(servers.sql('SHOW DATABASES')).toEqual(before);
    expect(servers.sql(`SELECT COUNT(*) FROM sculptor_door.managed_database WHERE id = '${id}'`)).toEqual([
      ['0'],
    ]);
  });

  test.each([
    'root',
    'mysql',
    'mariadb',
    'sculptor',
    'sculptor_door',
    'public',
    'www-data',
    'mariadb.sys',
    'debian-sys-maint',
    'a\n',
    'a\u0000',
    'a`@`%',
    "a'@'%",
    'A',
    'Root',
    '',
    '%',
    'a%',
    'a'.repeat(33),
    'a'.repeat(81),
    'a'.repeat(300),
  ])('make no account %j', async (name) => {
    const schema = await database(`n_${freshId(8)}`);
    const before = servers.sql('SELECT user, host, priv FROM mysql.global_priv ORDER BY 1, 2');
    const account = {
      name,
      privileges: 'all',
      passwordHash: hashOf('x'),
      database: 'x',
      maxConnections: null,
    } as Account;
    await expect(door.putUser(id as DatabaseUserId, schema, account)).rejects.toThrow();
    expect(servers.sql('SELECT user, host, priv FROM mysql.global_priv ORDER BY 1, 2')).toEqual(before);
  });

  test.each([
    ['put_database', `'${id}', 'one\ntwo', 'utf8mb4', 'utf8mb4_bin', 'default'`],
    ['put_database', `'one\n${id}', 'three', 'utf8mb4', 'utf8mb4_bin', 'default'`],
    ['put_database', `'${id}', 'three', 'utf8mb4', 'utf8mb4_bin', 'x\ndefault'`],
    ['put_user', `'${id}', '${id}', 'one\ntwo', 'all', '*${'0'.repeat(40)}', NULL`],
    ['put_password', `'${id}', 'one\n*${'0'.repeat(40)}'`],
  ])(
    'refuse in %s what is sound in its last line only, whatever a line is to the session',
    async (...call) => {
      const [procedure, values] = call;
      const session = "SET STATEMENT default_regex_flags = 'MULTILINE' FOR";
      await expect(
        sculptor.run(`${session} CALL sculptor_door.${procedure}(${values})`),
      ).rejects.toMatchObject({
        sqlMessage: 'invalid_request',
      });
    },
  );

  test.each([
    ['a hash that is none', { passwordHash: 'secret' }],
    ['a hash with a quote', { passwordHash: `*${'A'.repeat(39)}'` }],
    ['a hash with a line feed', { passwordHash: `*${'A'.repeat(40)}\n` }],
    ['an empty hash', { passwordHash: '' }],
    ['rights that are not in the table', { privileges: 'super' }],
  ])('make no account with %s', async (_what, wrong) => {
    const schema = await database(`h_${freshId(8)}`);
    const account = {
      name: 'wronged',
      maxConnections: null,
      privileges: 'all',
      passwordHash: hashOf('x'),
      database: 'x',
      ...wrong,
    };
    await expect(door.putUser(id as DatabaseUserId, schema, account as Account)).rejects.toEqual(
      refusal('invalid_request'),
    );
    expect(servers.sql("SELECT user FROM mysql.global_priv WHERE user = 'wronged'")).toEqual([]);
  });

  test('make no account for a database that is not there', async () => {
    const account = {
      name: 'homeless',
      privileges: 'all',
      passwordHash: hashOf('x'),
      database: 'x',
      maxConnections: null,
    } as Account;
    const nowhere = DatabaseId.parse(freshId());
    await expect(door.putUser(id as DatabaseUserId, nowhere, account)).rejects.toEqual(refusal('not_ready'));
  });

  test('do not move an account to another database, nor give a database another name', async () => {
    const one = await database('one');
    const two = await database('two');
    const made = await user(one, 'mover', { of: 'one' });
    await expect(door.putUser(made.id, two, made.account)).rejects.toEqual(refusal('invalid_request'));
    await expect(door.putDatabase(one, schema(DatabaseName.parse('three')))).rejects.toEqual(
      refusal('invalid_request'),
    );
  });
});

describe("the administrator's account", () => {
  const stolen = `*${randomBytes(20).toString('hex').toUpperCase()}`;
  test.each([
    `ALTER USER 'root'@'localhost' IDENTIFIED BY PASSWORD '${stolen}'`,
    `SET PASSWORD FOR 'root'@'localhost' = '${stolen}'`,
    "CREATE USER 'mine'@'%'",
    "DROP USER 'root'@'localhost'",
    "GRANT ALL ON *.* TO 'sculptor'@'localhost'",
    "GRANT SELECT ON mysql.* TO 'sculptor'@'localhost'",
    "RENAME USER 'root'@'localhost' TO 'toor'@'localhost'",
    'SELECT * FROM mysql.global_priv',
    "UPDATE mysql.global_priv SET priv = '{}'",
    "INSERT INTO sculptor_door.managed_user (id, database_id, name) VALUES ('aaaaaaaaaaaa', 'aaaaaaaaaaaa', 'root')",
    "UPDATE sculptor_door.managed_database SET name = 'mysql'",
    'CREATE DATABASE mine',
    'DROP DATABASE shop',
    'SELECT * FROM shop.t',
    'UPDATE sculptor.token SET expires_at = NULL',
    'DELETE FROM sculptor.token_revocation',
    "INSERT INTO sculptor.token (id, sha256, role, name) VALUES ('aaaaaaaaaaaa', 'x', 'administrator', 'x')",
    "UPDATE sculptor.domain_version SET name = 'x.example'",
    'DELETE FROM sculptor.operation',
    'CREATE OR REPLACE PROCEDURE sculptor_door.read_user() SELECT 1',
    'ALTER PROCEDURE sculptor_door.put_user SQL SECURITY INVOKER',
    "SET ROLE 'sculptor_door'",
  ])('may not say %s', async (text) => {
    await expect(sculptor.run(text)).rejects.toMatchObject({
      sqlState: expect.stringMatching(/^42|^28|^HY|^OP/),
    });
  });

  test('has column by column what it needs, and no more', () => {
    const grants = servers.sql("SHOW GRANTS FOR 'sculptor'@'localhost'").map(([line]) => line!);
    expect(grants.filter((line) => /SUPER|CREATE USER|GRANT OPTION|ALL PRIVILEGES/.test(line))).toEqual([]);
    expect(grants[0]).toMatch(/^GRANT USAGE ON \*\.\*/);
  });

  test('is not lent to whoever calls itself the door', async () => {
    const { socketPath } = servers.state('sculptor');
    await expect(createConnection({ socketPath, user: 'sculptor_door' })).rejects.toMatchObject({
      // MariaDB's ER_ACCOUNT_HAS_BEEN_LOCKED; the driver knows MySQL's numbers only.
      errno: 4151,
    });
  });
});

test('a database server that is away is told apart from one that refuses', async () => {
  const away = createDatabaseDoor({ socketPath: `${servers.folder}/nobody.sock`, user: 'sculptor' });
  await expect(away.readDatabase(DatabaseId.parse(freshId()))).rejects.toMatchObject({ code: 'ENOENT' });
  await away.close();
});

describe('a change for an operation', () => {
  let state: State;
  let mine: { readonly id: OperationId; readonly epoch: number };

  beforeAll(async () => {
    state = openState(servers.state('www-data'));
    const { operation } = await askDomain(state, { kind: 'domain.create', name: 'held.example' });
    servers.sql(`UPDATE sculptor.operation SET status = 'running', epoch = 2 WHERE id = '${operation}'`);
    mine = { id: operation, epoch: 2 };
  });
  afterAll(() => state.close());

  const late = { code: 'executor_unavailable' };
  const failureOf = (done: Promise<unknown>) =>
    done.then(
      () => 'done',
      (error: unknown) => (error instanceof FailureError ? error.failure : error),
    );

  test('is made by whoever claimed it last, and by nobody who claimed it before', async () => {
    const id = DatabaseId.parse(freshId());
    const asked = schema(DatabaseName.parse(`held_${freshId(6)}`));
    const before = { ...mine, epoch: 1 };
    expect(await failureOf(door.heldBy(before).putDatabase(id, asked))).toMatchObject(late);
    expect(await door.readDatabase(id)).toBeUndefined();
    await door.heldBy(mine).putDatabase(id, asked);
    expect(await failureOf(door.heldBy(before).discardDatabase(id))).toMatchObject(late);
    expect(await door.readDatabase(id)).toMatchObject({ name: asked.name });
    const { id: account } = await user(id, `u_${freshId(6)}`, { of: asked.name });
    const found = await door.readUser(account);
    expect(await failureOf(door.heldBy(before).putPassword(account, hashOf('another one')))).toMatchObject(
      late,
    );
    expect(await failureOf(door.heldBy(before).dropUser(account))).toMatchObject(late);
    expect(await door.readUser(account)).toEqual(found);
    await door.heldBy(mine).dropUser(account);
    await door.heldBy(mine).discardDatabase(id);
    expect(await door.readDatabase(id)).toBeUndefined();
  });

  test('is made by nobody when that has ended', async () => {
    const id = await database(`held_${freshId(6)}`);
    servers.sql(`UPDATE sculptor.operation SET status = 'succeeded' WHERE id = '${mine.id}'`);
    expect(await failureOf(door.heldBy(mine).discardDatabase(id))).toMatchObject(late);
    expect(await door.readDatabase(id)).toBeDefined();
  });
});
