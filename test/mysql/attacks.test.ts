import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { hashFor } from '../../contract/password-hashes.ts';
import { accepted, api, createUser, ended, ready, succeeded, unique } from '../machine/agent.ts';
import { newId } from '../machine/executor-conversation.ts';
import { asSculptor, connect, createTenancy, endSessions, fill } from './mysql.ts';
import { login, rootSql, sql, tryIn, type Tenancy } from './mysql.ts';

/*
 * What somebody tries on a server whose tenants have a MySQL who has a tenant's login, or has the worker and so what
 * sculptor may call: the rows of databases, as test/attack has them for MariaDB.
 */

let mine: Tenancy;
let like: Tenancy;
let other: Tenancy;

beforeAll(async () => {
  await ready();
  mine = await createTenancy(unique('a_b_'));
  like = await createTenancy(mine.name.replace('a_b_', 'axbx'));
  other = await createTenancy();
  for (const tenancy of [mine, like, other])
    fill(tenancy, 'CREATE TABLE t (x INT); INSERT INTO t VALUES (1);');
});
afterEach(endSessions);

/** Denied for want of a right, or for want of the thing itself; and nothing else, as a slip in the SQL would be. */
const DENIED =
  /^(ER_\w*ACCESS_DENIED_\w*|ER_CANNOT_USER|ER_NO_SUCH_THREAD|ER_KILL_DENIED_ERROR|ER_OPTION_PREVENTS_STATEMENT|ER_ROLE_NOT_GRANTED|ER_CANNOT_LOAD_FROM_TABLE_V2|ER_SP_DOES_NOT_EXIST)$/;

/** Every account, right, database and procedure there is. */
const everything = () =>
  rootSql(`USE mysql; SELECT * FROM mysql.user ORDER BY user; SELECT * FROM mysql.db ORDER BY user, db;
    SELECT * FROM mysql.global_grants ORDER BY user, priv; SELECT * FROM mysql.tables_priv; SELECT * FROM mysql.procs_priv;
    SHOW DATABASES; SELECT definer, routine_schema, routine_name, SHA2(routine_definition, 256) FROM information_schema.routines
      WHERE routine_schema <> 'sys' ORDER BY 2, 3;
    SELECT id, name, tenant, held FROM sculptor_door.managed_database ORDER BY id;
    SELECT id, database_id, name, held FROM sculptor_door.managed_user ORDER BY id;
    SELECT * FROM sculptor_door.setting; SELECT @@general_log, @@max_connections, @@event_scheduler`);

async function denied(who: Tenancy, statements: readonly string[]): Promise<void> {
  const before = everything();
  const session = await connect(who.writer, who.name);
  for (const statement of statements)
    expect([statement, await tryIn(session, statement)]).toEqual([statement, expect.stringMatching(DENIED)]);
  expect(everything()).toBe(before);
}

const touching = (name: string) => [
  ...[`USE ${name}`, `SELECT * FROM ${name}.t`, `INSERT INTO ${name}.t VALUES (2)`, `DROP TABLE ${name}.t`],
  ...[`CREATE TABLE ${name}.u (x INT)`, `SHOW TABLES FROM ${name}`, `LOCK TABLES ${name}.t READ`],
  ...[`CREATE VIEW seen AS SELECT * FROM ${name}.t`, `RENAME TABLE t TO ${name}.taken`],
  ...[`CREATE TABLE copy LIKE ${name}.t`, `ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES ${name}.t (x)`],
  ...[`DROP DATABASE ${name}`, `TRUNCATE ${name}.t`, `ALTER DATABASE ${name} CHARACTER SET latin1`],
  ...[`CREATE TRIGGER ${name}.seen AFTER INSERT ON ${name}.t FOR EACH ROW SET @x = 1`],
  ...[`CREATE EVENT ${name}.e ON SCHEDULE EVERY 1 SECOND DO SELECT 1`],
];

test('row 18: _ in a name stands for itself, in both directions', async () => {
  await denied(mine, touching(like.name));
  await denied(like, touching(mine.name));
  await denied(other, [...touching(mine.name), ...touching(like.name)]);
});

test('row 18: nobody sees that there are others, but for the names of tables that MySQL shows to everybody', () => {
  const tables = rootSql(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'information_schema'",
  )
    .split('\n')
    .filter(Boolean);
  expect(tables.length).toBeGreaterThan(50);
  const queries = [...tables.map((table) => `SELECT * FROM information_schema.${table}`), 'SHOW DATABASES'];
  const telling = queries.filter((query) => {
    const { out } = sql(mine.writer, query);
    return [like.name, other.name, other.writer.name].some((name) => out.includes(name));
  });
  // MySQL shows this one to everybody, and no right takes it away; docs/mysql.md says so.
  expect(telling).toEqual(['SELECT * FROM information_schema.TABLESPACES_EXTENSIONS']);
});

test('row 19: a session of before has no right in a database of the same name that another makes', async () => {
  const first = await createTenancy(unique('again'));
  const session = await connect(first.writer, first.name);
  await succeeded(await accepted('DELETE', `/v1/databases/${first.id}`));
  const second = await createTenancy(first.name);
  fill(second, 'CREATE TABLE t (x INT);');
  expect(await tryIn(session, `SELECT * FROM ${second.name}.t`)).not.toBe('done');
  expect(await login(first.writer)).toBe('ER_ACCESS_DENIED_ERROR');
});

test('row 19: a right or a database that was there before is nobody’s to have', async () => {
  const name = unique('before');
  rootSql(`CREATE USER ${name}; GRANT SELECT ON \`${name}_\`.* TO ${name}`);
  rootSql(`CREATE DATABASE ${name}`);
  for (const taken of [name, `${name}x`]) {
    const operation = await ended(await accepted('POST', '/v1/databases', { body: { name: taken } }));
    expect([operation.status, operation.error?.code]).toEqual(['failed', 'not_ours']);
  }
  const users = `/v1/databases/${mine.id}/users`;
  const operation = await ended(await accepted('POST', users, { body: { name } }));
  expect([operation.status, operation.error?.code]).toEqual(['failed', 'not_ours']);
  rootSql(`DROP DATABASE ${name}; DROP USER ${name}`);
});

const HASH = hashFor('mysql', 'of a thief');
const SCHEMAS = [
  ...['mysql', 'sys', 'information_schema', 'performance_schema', 'sculptor', 'sculptor_door', 'test'],
  ...[
    'MySQL',
    'mysql ',
    ' mysql',
    'mysql\n',
    'mysql/',
    './mysql',
    '#mysql50#mysql',
    '..',
    '',
    '%',
    '_',
    '`mysql`',
  ],
  ...['a'.repeat(49), 'a'.repeat(65), 'x`; DROP DATABASE mysql; #', "x' OR '1'='1", 'grüße', 'Shop', 'SHOP'],
];
const ACCOUNTS = [
  ...['root', 'mysql', 'sculptor', 'sculptor_door', 'public', 'Root', 'ROOT', 'root ', 'root\n', '%', ''],
  ...[
    'mysql.sys',
    'mysql.session',
    'mysql.infoschema',
    'a'.repeat(33),
    "root'@'localhost",
    '`root`',
    'u`@`%',
    'Twin',
  ],
];

test('rows 8, 20, 21 and 22: over the API no database and no user has a name of the server’s, one too long, or a twin', async () => {
  for (const name of SCHEMAS)
    expect([name, (await api('POST', '/v1/databases', { body: { name } })).status]).toEqual([name, 422]);
  for (const name of ACCOUNTS) {
    const { status } = await api('POST', `/v1/databases/${mine.id}/users`, { body: { name } });
    expect([name, status]).toEqual([name, 422]);
  }
});

test('rows 8, 20, 21 and 22: nor by the door, in the hands of who has the worker', async () => {
  const session = await asSculptor();
  const before = everything();
  const call = async (procedure: string, values: readonly (string | null)[]) => {
    const marks = values.map(() => '?').join();
    return session
      .query(`CALL sculptor_door.${procedure}(${marks})`, [...values])
      .then(() => 'done')
      .catch((error: unknown) => (error as { sqlMessage?: string }).sqlMessage);
  };
  for (const name of SCHEMAS)
    expect([name, await call('put_database', [newId(), name, 'utf8mb4', 'utf8mb4_bin', 'default'])]).toEqual([
      name,
      'invalid_request',
    ]);
  for (const name of ACCOUNTS)
    expect([name, await call('put_user', [newId(), mine.id, name, 'all', HASH, null])]).toEqual([
      name,
      'invalid_request',
    ]);
  for (const [charset, collation] of [
    ['utf8mb4', "utf8mb4_bin'"],
    ['utf8mb4 ', 'utf8mb4_bin'],
    ['utf8mb4', 'utf8mb4_bin; DROP DATABASE mysql'],
    ['utf8mb4\n', 'utf8mb4_bin'],
  ] as const)
    expect(await call('put_database', [newId(), unique('d'), charset, collation, 'default'])).toBe(
      'invalid_request',
    );
  for (const hash of [
    ...[
      '',
      `${HASH}'`,
      `${HASH}\n`,
      HASH.replace('$A$005$', '$A$004$'),
      `*${'0'.repeat(40)}`,
      HASH.slice(0, -1),
    ],
    ...[`${HASH.slice(0, -4)}' #`, `${HASH}' ACCOUNT UNLOCK #`],
  ]) {
    expect([hash, await call('put_user', [newId(), mine.id, unique('u'), 'all', hash, null])]).toEqual([
      hash,
      'invalid_request',
    ]);
    expect([hash, await call('put_password', [mine.writer.id, hash])]).toEqual([hash, 'invalid_request']);
  }
  expect(everything()).toBe(before);
});

test('row 20: sculptor calls what is granted to it, and can do nothing else', async () => {
  const session = await asSculptor();
  const before = everything();
  const statements = [
    ...[
      'run',
      'end_sessions',
      'make_lent',
      'close_shell',
      'remove_database',
      'open_database',
      'lend',
      'give_rights',
    ],
  ].map((name) => `CALL sculptor_door.${name}('x')`);
  for (const statement of [
    ...statements,
    ...[
      'SELECT * FROM mysql.user',
      'SELECT * FROM sculptor_door.server_account',
      `SELECT * FROM ${mine.name}.t`,
    ],
    ...[
      'UPDATE sculptor_door.setting SET value = 100000',
      'DELETE FROM sculptor_door.counted',
      'CREATE DATABASE x',
    ],
    ...[
      "ALTER USER root@localhost IDENTIFIED BY 'x'",
      'CREATE USER x',
      'GRANT ALL ON *.* TO sculptor@localhost',
    ],
    ...[
      "SELECT sculptor_door.is_hash('x')",
      'SET GLOBAL general_log = ON',
      'DROP PROCEDURE sculptor_door.run',
    ],
  ])
    expect([statement, await tryIn(session, statement)]).toEqual([
      statement,
      expect.stringMatching(/^ER_\w*(DENIED|VIEW_INVALID)\w*$/),
    ]);
  expect(everything()).toBe(before);
});

test('row 20: not even the door’s own account changes root, or what is the server’s', () => {
  for (const statement of [
    "ALTER USER root@localhost IDENTIFIED BY 'x'",
    'DROP USER `mysql.sys`@localhost',
    'RENAME USER root@localhost TO toor@localhost',
    'GRANT SUPER ON *.* TO sculptor@localhost',
  ])
    expect(() => rootSql(`CALL sculptor_door.run('${statement.replaceAll("'", "''")}')`)).toThrow(/denied/i);
});

test('row 27: who counts by a clock of its own, or rolls back, has counted all the same', async () => {
  rootSql("DELETE FROM sculptor_door.counted; CALL sculptor_door.set_limit('let_in_per_hour', 3)");
  const { id } = mine.writer;
  const session = await asSculptor();
  try {
    for (const trick of ['SET timestamp = 1', "SET time_zone = '-12:00'", 'SET autocommit = 0', 'BEGIN']) {
      await session.query(trick);
      await tryIn(session, `CALL sculptor_door.put_password('${id}', '${hashFor('mysql', trick)}')`);
      await session.query('ROLLBACK');
    }
    const call = `CALL sculptor_door.put_password('${id}', '${hashFor('mysql', 'one more')}')`;
    expect(await tryIn(session, call)).toBe('limit_reached');
    const count = "SELECT COUNT(*) FROM sculptor_door.counted WHERE kind = 'let_in_per_hour'";
    expect(rootSql(count)).toBe('3\n');
  } finally {
    rootSql("CALL sculptor_door.set_limit('let_in_per_hour', 100000)");
  }
  await succeeded(await accepted('POST', `/v1/databases/${mine.id}/users/${id}/rotate-password`));
  mine = { ...mine, writer: await createUser(mine.id, { name: unique('w') }) };
});

test('row 23: a tenant makes no database, no account and no rights, and changes nothing of the server', async () => {
  const theirs = await connect(other.writer);
  const users = [other.writer.name, 'root', 'sculptor', 'sculptor_door', 'mysql.sys'];
  await denied(mine, [
    ...['CREATE DATABASE further', 'CREATE USER further', 'CREATE ROLE further'],
    `GRANT SELECT ON \`${mine.name}\`.* TO ${other.writer.name}@localhost`,
    `GRANT ALL ON *.* TO ${mine.writer.name}@localhost WITH GRANT OPTION`,
    `GRANT PROXY ON root@localhost TO ${mine.writer.name}@localhost`,
    ...['SET ROLE sculptor_door', 'ALTER USER CURRENT_USER() WITH MAX_USER_CONNECTIONS 0'],
    "ALTER USER CURRENT_USER() IDENTIFIED BY 'x' RETAIN CURRENT PASSWORD",
    ...users.flatMap((user) => [
      `ALTER USER '${user}'@'localhost' IDENTIFIED BY 'x'`,
      `DROP USER '${user}'@'localhost'`,
      `SHOW GRANTS FOR '${user}'@'localhost'`,
      `CREATE DEFINER = '${user}'@'localhost' PROCEDURE p() SELECT 1`,
      `CREATE DEFINER = '${user}'@'localhost' VIEW v AS SELECT 1`,
      `CREATE DEFINER = '${user}'@'localhost' EVENT e ON SCHEDULE EVERY 1 SECOND DO SELECT 1`,
    ]),
    ...['SET GLOBAL max_connections = 1', 'SET PERSIST max_connections = 1', 'SHUTDOWN', 'FLUSH PRIVILEGES'],
    ...[
      'FLUSH TABLES WITH READ LOCK',
      'LOCK INSTANCE FOR BACKUP',
      'PURGE BINARY LOGS BEFORE NOW()',
      'RESTART',
    ],
    ...[
      'SET SESSION sql_log_bin = 0',
      "INSTALL PLUGIN x SONAME 'x.so'",
      "INSTALL COMPONENT 'file://component_x'",
    ],
    ...["CLONE LOCAL DATA DIRECTORY = '/tmp/clone'", "CREATE FUNCTION f RETURNS INT SONAME 'x.so'"],
    ...["LOAD DATA INFILE '/etc/passwd' INTO TABLE t", "SELECT 1 INTO OUTFILE '/tmp/sculptor-out'"],
    ...[
      'SELECT * FROM mysql.user',
      'SELECT * FROM performance_schema.threads',
      'SELECT * FROM sys.processlist',
    ],
    ...['SELECT * FROM sculptor_door.managed_database', "CALL sculptor_door.run('SELECT 1')"],
    ...[`KILL ${theirs.threadId}`, "CREATE TABLESPACE s ADD DATAFILE 's.ibd'"],
  ]);
  expect(await tryIn(theirs, 'SELECT 1')).toBe('done');
  expect(sql(mine.writer, "SELECT LOAD_FILE('/etc/passwd')").out).toBe('NULL\n');
});

test('row 23: no table lies anywhere but in the tenant’s database', async () => {
  const session = await connect(mine.writer, mine.name);
  for (const place of ['/tmp', `/var/lib/mysql-tenants/data/${other.name}`, '/run/mysql'])
    for (const engine of ['InnoDB', 'MyISAM'])
      for (const kind of ['DATA', 'INDEX']) {
        await tryIn(session, `CREATE TABLE placed (x INT) ENGINE = ${engine} ${kind} DIRECTORY = '${place}'`);
        await tryIn(session, 'DROP TABLE IF EXISTS placed');
        expect(readdirSync('/tmp').filter((name) => name.includes(mine.name))).toEqual([]);
        expect(readdirSync(`/var/lib/mysql-tenants/data/${other.name}`)).toEqual(['t.ibd']);
      }
});

const DUMPS = '/var/lib/sculptor-root/trash/databases';
const MARK = '/tmp/got-out';

test.each([
  ['another database', () => `USE ${other.name}; DROP TABLE t;`],
  ['another table', () => `INSERT INTO ${other.name}.t VALUES (3);`],
  ['root for a definer', () => 'CREATE DEFINER=`root`@`localhost` PROCEDURE p() SELECT 1;'],
  [
    'root for a view’s definer',
    () => 'CREATE DEFINER=root@localhost SQL SECURITY DEFINER VIEW v AS SELECT 1 AS one;',
  ],
  ['an account', () => "CREATE USER 'mine'@'%' IDENTIFIED BY 'x';"],
  ['rights', () => `GRANT ALL ON *.* TO '${mine.writer.name}'@'localhost';`],
  ['root’s password', () => "ALTER USER 'root'@'localhost' IDENTIFIED BY 'x';"],
  ['the door', () => `CALL sculptor_door.remove_database('${other.id}');`],
  ['a setting', () => 'SET GLOBAL general_log = 1;'],
  ['a file', () => `SELECT 1 INTO OUTFILE '${MARK}';`],
  ['a program', () => `\\! touch ${MARK}`],
  ['a program, spelled out', () => `system touch ${MARK}`],
  ['a file that is read', () => 'source /etc/shadow'],
  ['a log', () => `tee ${MARK}`],
])('row 16: a dump with %s in it is not played back, and does nothing', async (_what, text) => {
  const victim = await createTenancy();
  fill(victim, 'CREATE TABLE t (x INT);');
  await succeeded(await accepted('DELETE', `/v1/databases/${victim.id}`));
  const file = `${DUMPS}/${readdirSync(DUMPS).find((name) => name.startsWith(victim.id)) ?? ''}`;
  const before = everything();
  writeFileSync(file, gzipSync(`${text()}\nSELECT 1;\n`));
  const operation = await ended(await accepted('POST', `/v1/databases/${victim.id}/restore`));
  expect([operation.status, operation.error?.code]).toEqual(['failed', 'server_broken']);
  expect(everything()).toBe(before);
  expect([existsSync(MARK), rootSql(`SELECT COUNT(*) FROM ${other.name}.t`)]).toEqual([false, '1\n']);
});

test('row 16: a view runs nothing with more rights than the tenant’s while it is dumped', async () => {
  const thief = await createTenancy();
  fill(
    thief,
    `CREATE TABLE t (w VARCHAR(9));
     DELIMITER //
     CREATE FUNCTION reach() RETURNS VARCHAR(1) SQL SECURITY INVOKER BEGIN
       DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
       DELETE FROM ${other.name}.t; RETURN '!'; END//
     DELIMITER ;
     CREATE SQL SECURITY INVOKER VIEW v AS SELECT * FROM t WHERE w = reach() LIMIT 1;`,
  );
  const operation = await ended(await accepted('DELETE', `/v1/databases/${thief.id}`));
  expect(['succeeded', 'failed']).toContain(operation.status);
  expect(rootSql(`SELECT COUNT(*) FROM ${other.name}.t`)).toBe('1\n');
});
