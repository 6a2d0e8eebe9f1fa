import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Database, DatabaseUser } from '../../contract/databases.ts';
import { accepted, api, createDatabase, createUser, ready, succeeded, unique } from './agent.ts';
import { must, rootSql, run, sculptorctl, sql } from './server.ts';

/* What of a database and its users can be asked for and changed, what is said of them, and root's shell in one. */

beforeAll(async () => {
  await ready();
  // What the database server has is known once its worker has said so.
  while ((await api('GET', '/v1/server')).status !== 200) await pause(200);
});

const LIMITS = '/etc/sculptor/limits.json';
const limits = readFileSync(LIMITS);
afterAll(() => writeFileSync(LIMITS, limits));

const read = async (id: string) => Database.parse((await api('GET', `/v1/databases/${id}`)).json);
const users = async (id: string) => (await api('GET', `/v1/databases/${id}/users`)).json['items'];

test('a database has the character set that was asked for, shows it, and gets another for what is made from then on', async () => {
  const name = unique('cs');
  expect(
    sculptorctl('database', 'create', name, '--charset', 'latin1', '--collation', 'latin1_german2_ci').code,
  ).toBe(0);
  const { id, charset, collation } = await read(name);
  expect([charset, collation]).toEqual(['latin1', 'latin1_german2_ci']);
  rootSql(`CREATE TABLE ${name}.old (word TEXT)`);
  await succeeded(await accepted('PATCH', `/v1/databases/${id}`, { body: { charset: 'utf8mb4' } }));
  rootSql(`CREATE TABLE ${name}.young (word TEXT)`);
  expect(
    rootSql(`SELECT table_name, table_collation FROM information_schema.tables WHERE table_schema = '${name}'
      ORDER BY 1`),
  ).toBe('old\tlatin1_german2_ci\nyoung\tutf8mb4_unicode_ci\n');
  expect(sculptorctl('database', 'show', name).out).toMatch(
    /charset +utf8mb4\ncollation +utf8mb4_unicode_ci\n/,
  );
  const { collations } = (await api('GET', '/v1/server')).json;
  expect(collations).toEqual(expect.arrayContaining(['utf8mb4_unicode_ci', 'utf8mb4_uca1400_ai_ci']));
});

test.each([
  [{ charset: 'utf8mb4\n' }, 'charset'],
  [{ charset: 'utf16' }, 'charset'],
  [{ collation: "utf8mb4_bin' --" }, 'collation'],
  [{ collation: 'utf8mb4_0900_ai_ci' }, 'collation'],
  [{ charset: 'latin1', collation: 'utf8mb4_bin' }, 'collation'],
])('a database is not made with %j', async (words, field) => {
  const name = unique('no');
  const { status, json } = await api('POST', '/v1/databases', { body: { name, ...words } });
  expect([status, json['errors']]).toEqual([422, [expect.objectContaining({ field })]]);
  expect((await api('GET', `/v1/databases/${name}`)).status).toBe(404);
});

test('neither a database nor its user is renamed, and it is said what to do instead', async () => {
  const database = await createDatabase(unique('name'));
  const user = await createUser(database.id, { name: unique('u') });
  for (const path of [`/v1/databases/${database.id}`, `/v1/databases/${database.id}/users/${user.id}`]) {
    const { status, json } = await api('PATCH', path, { body: { name: 'other' } });
    expect([status, json['type'], json['errors']]).toEqual([
      422,
      'urn:sculptor:problem:invalid-input',
      [
        {
          field: 'name',
          message: expect.stringContaining('for life'),
          expected: expect.stringMatching(/create/),
        },
      ],
    ]);
  }
  const refused = sculptorctl('database', 'rename', database.name, 'other');
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining(`mariadb-dump ${database.name}`)]);
});

test('a user is made a reader and a writer again by the same password, and an open session does not outlive that', async () => {
  const database = await createDatabase(unique('turn'));
  const login = await createUser(database.id, { name: unique('u') });
  sql(login, 'CREATE TABLE t (x INT)', database.name);
  const path = `/v1/databases/${database.id}/users/${login.id}`;
  await succeeded(await accepted('PATCH', path, { body: { privileges: 'read' } }));
  expect(sql(login, 'SELECT COUNT(*) FROM t', database.name).out).toBe('0\n');
  expect(sql(login, 'INSERT INTO t VALUES (1)', database.name).code).toBe(1);
  expect(
    sculptorctl('database', 'user', 'update', database.name, login.name, '--privileges', 'all').code,
  ).toBe(0);
  expect(sql(login, 'INSERT INTO t VALUES (1); SELECT x FROM t', database.name).out).toBe('1\n');
  const [user] = (await users(database.id)) as unknown[];
  expect(DatabaseUser.parse(user)).toMatchObject({ privileges: 'all', status: 'live' });
});

/** Opens `count` sessions that stay, and says how many of them were let in. */
function letIn({ name, password }: { name: string; password: string }, count: number): number {
  const one = `MYSQL_PWD=${password} mariadb --no-defaults --user=${name} --socket=/run/mysqld/mysqld.sock -e 'DO SLEEP(3)' && echo in`;
  return (
    must('sh', ['-c', `for i in $(seq ${count}); do (${one}) 2>/dev/null & done; wait`]).split('in').length -
    1
  );
}

test('a user has as many connections as were asked for, and never more than root allows any', async () => {
  const database = await createDatabase(unique('conn'));
  const login = await createUser(database.id, { name: unique('u'), maxConnections: 2 });
  expect(letIn(login, 4)).toBe(2);
  const path = `/v1/databases/${database.id}/users/${login.id}`;
  await succeeded(await accepted('PATCH', path, { body: { maxConnections: 3 } }));
  expect(letIn(login, 5)).toBe(3);
  const refused = await api('PATCH', path, { body: { maxConnections: 31 } });
  expect([refused.status, refused.json['errors']]).toEqual([
    422,
    [expect.objectContaining({ field: 'maxConnections', expected: expect.stringContaining('1 to 30') })],
  ]);
  expect(sculptorctl('limit', 'set', 'connectionsPerAccount', '0').code).toBe(2);
  expect(sculptorctl('limit', 'set', 'connectionsPerAccount', '1').code).toBe(0);
  expect(letIn(login, 3)).toBe(1);
  // What is asked for meanwhile is as right as it was.
  await succeeded(await accepted('PATCH', path, { body: { privileges: 'read' } }));
  expect(sculptorctl('limit', 'set', 'connectionsPerAccount', '30').code).toBe(0);
  expect(rootSql(`SHOW CREATE USER '${login.name}'@'localhost'`)).toMatch(/ MAX_USER_CONNECTIONS 3\n/);
});

test('how much a database holds is measured by itself, and a view that calls a function does nothing meanwhile', async () => {
  const database = await createDatabase(unique('size'));
  const login = await createUser(database.id, { name: unique('u') });
  sql(
    login,
    `CREATE TABLE t (x INT PRIMARY KEY, w VARCHAR(200), KEY (w)); INSERT INTO t SELECT seq, REPEAT('a', 200) FROM seq_1_to_20000;
     ANALYZE TABLE t;
     CREATE FUNCTION reach() RETURNS VARCHAR(1) SQL SECURITY INVOKER RETURN (SELECT COUNT(*) FROM nowhere.none);
     CREATE SQL SECURITY INVOKER VIEW v AS SELECT * FROM t WHERE w LIKE 'x' ESCAPE reach()`,
    database.name,
  );
  rootSql(`DELETE FROM sculptor.database_size WHERE database_id = '${database.id}'`);
  for (;;) {
    const { size } = await read(database.id);
    if (size !== null) {
      expect(size.data).toBeGreaterThan(4_000_000);
      expect(size.index).toBeGreaterThan(4_000_000);
      expect(Date.now() - Date.parse(size.measuredAt)).toBeLessThan(120_000);
      break;
    }
    await pause(1000);
  }
  expect(sculptorctl('database', 'show', database.name).out).toMatch(
    /size +\d.* MB of data, \d.* MB of indexes/,
  );
});

test('a database and its users come back as they were: character set, rights, connections, and locked where they were', async () => {
  const database = Database.parse(
    await (async () => {
      const made = await createDatabase(unique('back'));
      await succeeded(
        await accepted('PATCH', `/v1/databases/${made.id}`, {
          body: { charset: 'cp1251', collation: 'cp1251_bin' },
        }),
      );
      return read(made.id);
    })(),
  );
  const logins = [
    await createUser(database.id, { name: unique('w'), maxConnections: 5 }),
    await createUser(database.id, { name: unique('r'), privileges: 'read', maxConnections: 2 }),
    await createUser(database.id, { name: unique('d'), privileges: 'read' }),
  ];
  sql(logins[0]!, "CREATE TABLE t (word VARCHAR(9)); INSERT INTO t VALUES ('слово')", database.name);
  const digest = () =>
    [
      rootSql(`SHOW CREATE DATABASE ${database.name}`),
      ...logins.map(({ name }) =>
        rootSql(`SHOW CREATE USER '${name}'@'localhost'; SHOW GRANTS FOR '${name}'@'localhost'`),
      ),
      rootSql(`SHOW CREATE TABLE ${database.name}.t; SELECT HEX(word) FROM ${database.name}.t`),
    ].join('\n');
  for (const locked of [false, true]) {
    if (locked) rootSql(`CALL sculptor_door.lock_accounts('${database.id}')`);
    const before = digest();
    expect(before.includes('ACCOUNT LOCK')).toBe(locked);
    await succeeded(await accepted('DELETE', `/v1/databases/${database.id}`));
    await succeeded(await accepted('POST', `/v1/databases/${database.id}/restore`));
    expect(digest()).toBe(before);
    expect(sql(logins[1]!, 'SELECT 1').code).toBe(locked ? 1 : 0);
  }
  // Nothing that is asked for meanwhile unlocks one.
  const rotate = `/v1/databases/${database.id}/users/${logins[0]!.id}/rotate-password`;
  await succeeded(await accepted('POST', rotate));
  expect(rootSql(`SHOW CREATE USER '${logins[0]!.name}'@'localhost'`)).toMatch(/ ACCOUNT LOCK\n/);
  rootSql(`CALL sculptor_door.unlock_accounts('${database.id}')`);
  expect(sql(logins[1]!, 'SELECT 1').code).toBe(0);
  expect(await read(database.id)).toMatchObject({ charset: 'cp1251', status: 'live' });
});

describe("root's shell in a database", () => {
  const shell = (name: string, input: string) => run('sculptorctl', ['database', 'shell', name], input);
  const SWITCH = 'innodb_print_all_deadlocks';

  test('reads and writes there, is refused elsewhere, and leaves no account', async () => {
    const [database, other] = [await createDatabase(unique('sh')), await createDatabase(unique('sh'))];
    const done = shell(
      database.name,
      "CREATE TABLE t (w TEXT); INSERT INTO t VALUES ('seen'); SELECT * FROM t;",
    );
    expect([done.code, done.out]).toEqual([0, 'w\nseen\n']);
    for (const statement of [
      `CREATE TABLE ${other.name}.t (x INT)`,
      'SELECT * FROM mysql.user',
      'SELECT * FROM sculptor.token',
      "SELECT 'x' INTO OUTFILE '/tmp/shell-out'",
      "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t",
      'CREATE VIEW v AS SELECT 1',
      '\\! id >/tmp/shell-ran',
      'system id >/tmp/shell-ran',
      'source /etc/passwd',
      'tee /tmp/shell-tee',
    ])
      expect([statement, shell(database.name, `${statement};\n`).code]).toEqual([statement, 1]);
    expect(run('sh', ['-c', 'ls /tmp/shell-*']).code).not.toBe(0);
    expect(rootSql("SELECT user FROM mysql.global_priv WHERE user LIKE 'sculptor-shell-%'")).toBe('');
    expect(sculptorctl('database', 'shell', 'mysql').code).not.toBe(0);
    expect(sculptorctl('database', 'shell', 'never_made').err).toMatch(/not_found/);
  });

  test('runs what a tenant has put there with the rights of one database, not of root', async () => {
    const database = await createDatabase(unique('sh'));
    const tenant = await createUser(database.id, { name: unique('u') });
    sql(
      tenant,
      `CREATE FUNCTION reach() RETURNS INT SQL SECURITY INVOKER BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
         SET GLOBAL ${SWITCH} = ON; RETURN 1; END`
        .replaceAll('\n', ' ')
        .replace(/^/, 'DELIMITER //\n') +
        '//\nDELIMITER ;\nCREATE SQL SECURITY INVOKER VIEW v AS SELECT reach() AS one;',
      database.name,
    );
    expect(shell(database.name, 'SELECT * FROM v;').out).toBe('one\n1\n');
    expect(rootSql(`SELECT @@${SWITCH}`)).toBe('0\n');
  });

  test('shows what a tenant wrote as text that drives no terminal, in an answer, in a name and in an error', async () => {
    const database = await createDatabase(unique('sh'));
    const tenant = await createUser(database.id, { name: unique('u') });
    sql(
      tenant,
      "CREATE TABLE t (w TEXT); INSERT INTO t VALUES (_utf8mb4 X'1B5D303B6F776E656407C29B324A');",
      database.name,
    );
    const words = ['SELECT w FROM t;', 'SELECT 1 AS `a\u001b[2J`;', 'SELECT * FROM `\u001b]0;x\u0007`;'];
    for (const statement of words) {
      const { out, err } = shell(database.name, statement);
      expect(out + err).toMatch(/\\u001b/);
      expect(out + err).not.toMatch(/[\u001b\u0007\u009b]/);
    }
  });

  test('is typed into at a terminal, where a mistake is no end', async () => {
    const database = await createDatabase(unique('sh'));
    const typed = "SELCT 1;\nSELECT CONCAT('an', 'swer');\nexit\n";
    const { out, code } = run(
      'script',
      ['-qec', `sculptorctl database shell ${database.name}`, '/dev/null'],
      typed,
    );
    expect(code).toBe(0);
    expect(out).toContain(`${database.name}> `);
    expect(out).toMatch(/ERROR 1064/);
    expect(out).toMatch(/\| answer +\|/);
    expect(rootSql("SELECT user FROM mysql.global_priv WHERE user LIKE 'sculptor-shell-%'")).toBe('');
  });

  test('ends when its database is removed', async () => {
    const database = await createDatabase(unique('sh'));
    const waiting = `(echo 'DO SLEEP(600);'; sleep 600) | sculptorctl database shell ${database.name}; echo ended`;
    must('sh', ['-c', `(${waiting}) >/tmp/waiting-${database.id} 2>&1 &`]);
    const there = () =>
      rootSql(
        `SELECT COUNT(*) FROM information_schema.processlist WHERE user LIKE 'sculptor-shell-${database.id}-%'`,
      );
    while (there() !== '1\n') await pause(100);
    await succeeded(await accepted('DELETE', `/v1/databases/${database.id}`));
    expect(there()).toBe('0\n');
    expect(rootSql("SELECT user FROM mysql.global_priv WHERE user LIKE 'sculptor-shell-%'")).toBe('');
  });
});
