import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createUser, ready, unique } from '../machine/agent.ts';
import { must, rootSql, run, sql } from '../machine/server.ts';
import { accepted, refused, type Attempt } from './attempt.ts';
import { createTenancy, endSessions, openSession, tryAll, tryIn, type Tenancy } from './tenants.ts';

/* Rows 18 and 23: what a tenant with a login of its own can do besides what it is there for. */

let mine: Tenancy;
let like: Tenancy;
let other: Tenancy;

beforeAll(async () => {
  await ready();
  mine = await createTenancy(unique('a_b_'));
  like = await createTenancy(mine.name.replace('a_b_', 'axbx'));
  other = await createTenancy();
  for (const { name } of [like, other])
    rootSql(`CREATE TABLE ${name}.t (x INT); INSERT INTO ${name}.t VALUES (1)`);
  await tryAll(mine, ['CREATE TABLE t (x INT)', 'INSERT INTO t VALUES (1)']);
});
afterAll(endSessions);

/** Denied for want of a right, or for want of the thing itself; and nothing else, as a slip in the SQL would be. */
const DENIED = expect.stringMatching(
  /^(ER_\w*ACCESS_DENIED_\w*|ER_CANNOT_USER|ER_NO_SUCH_THREAD|ER_KILL_DENIED_ERROR|ER_OPTION_PREVENTS_STATEMENT|ER_INVALID_ROLE|ERROR 1959)$/,
) as string;

function all(what: string, tenancy: () => Tenancy, statements: readonly string[]): Attempt {
  return {
    what,
    act: async () => {
      const came = await tryAll(tenancy(), statements);
      return statements.map((statement, index) => [statement, came[index]]);
    },
    refusal: statements.map((statement) => [statement, DENIED]),
    times: statements.length,
  };
}

const touching = (name: string) => [
  ...[`USE ${name}`, `SELECT * FROM ${name}.t`, `INSERT INTO ${name}.t VALUES (2)`, `DROP TABLE ${name}.t`],
  ...[`CREATE TABLE ${name}.u (x INT)`, `SHOW TABLES FROM ${name}`, `LOCK TABLES ${name}.t READ`],
  ...[`CREATE VIEW seen AS SELECT * FROM ${name}.t`, `RENAME TABLE t TO ${name}.taken`],
  ...[`CREATE TABLE copy LIKE ${name}.t`, `ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES ${name}.t (x)`],
  ...[`CREATE TABLE merged (x INT) ENGINE = MERGE UNION = (${name}.t)`, `DROP DATABASE ${name}`],
  ...[`HANDLER ${name}.t OPEN`, `TRUNCATE ${name}.t`, `ALTER DATABASE ${name} CHARACTER SET latin1`],
  ...[`CREATE TRIGGER ${name}.seen AFTER INSERT ON ${name}.t FOR EACH ROW SET @x = 1`],
  ...[
    `CREATE PROCEDURE ${name}.p() SELECT 1`,
    `CREATE EVENT ${name}.e ON SCHEDULE EVERY 1 SECOND DO SELECT 1`,
  ],
];

test('row 18: _ in a name stands for itself in both directions', async () => {
  const underscores = { ...mine, name: mine.name };
  await refused(18, [
    all('a_b_ reaches for axbx', () => underscores, touching(like.name)),
    all('axbx reaches for a_b_', () => like, touching(mine.name)),
    all('another for each', () => other, [...touching(like.name), ...touching(mine.name)]),
  ]);
});

test('row 18: nobody sees that there are others, by any of the tables in which a server tells of itself', async () => {
  const tables = rootSql(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'information_schema'",
  )
    .split('\n')
    .filter(Boolean);
  expect(tables.length).toBeGreaterThan(50);
  const queries = [...tables.map((table) => `SELECT * FROM information_schema.${table}`), 'SHOW DATABASES'];
  const told = queries.map((query) => ({ query, out: sql(mine.login, query).out }));
  await refused(18, [
    {
      what: 'all of information_schema',
      act: () =>
        told
          .filter(({ out }) =>
            [like.name, other.name, other.login.name, 'worker-lock'].some((word) => out.includes(word)),
          )
          .map(({ query }) => query),
      refusal: [],
      times: queries.length,
    },
  ]);
});

const users = () => [
  other.login.name,
  'root',
  'mysql',
  'mariadb.sys',
  'sculptor',
  'sculptor_door',
  'www-data',
];

test('row 23: a tenant makes no database, no account, and no rights', async () => {
  await refused(23, [
    all('more for itself', () => mine, [
      ...['CREATE DATABASE further', 'CREATE USER further', 'CREATE ROLE further'],
      ...[`GRANT SELECT ON ${mine.name}.* TO ${other.login.name}@localhost`],
      ...[`GRANT ALL ON *.* TO ${mine.login.name}@localhost WITH GRANT OPTION`],
      ...[`GRANT PROXY ON root@localhost TO ${mine.login.name}@localhost`, 'SET ROLE sculptor_door'],
      ...[`ALTER USER CURRENT_USER() WITH MAX_USER_CONNECTIONS 0`, `RENAME USER ${mine.login.name} TO free`],
      ...['GRANT SELECT ON mysql.* TO PUBLIC', 'SET DEFAULT ROLE sculptor_door'],
    ]),
    ...users().map((user) =>
      all(`at the cost of ${user}`, () => mine, [
        `SET PASSWORD FOR '${user}'@'localhost' = PASSWORD('x')`,
        `ALTER USER '${user}'@'localhost' IDENTIFIED BY 'x'`,
        `DROP USER '${user}'@'localhost'`,
        `SHOW GRANTS FOR '${user}'@'localhost'`,
        `CREATE DEFINER = '${user}'@'localhost' VIEW v AS SELECT * FROM mysql.global_priv`,
        `CREATE DEFINER = '${user}'@'localhost' PROCEDURE p() SELECT 1`,
        `CREATE DEFINER = '${user}'@'localhost' EVENT e ON SCHEDULE EVERY 1 SECOND DO SELECT 1`,
        `CREATE DEFINER = '${user}'@'localhost' TRIGGER r AFTER INSERT ON t FOR EACH ROW SET @x = 1`,
      ]),
    ),
  ]);
});

test('row 23: a tenant changes nothing of the server, and sees no file of it', async () => {
  const theirs = await openSession(other);
  await refused(23, [
    all('the server', () => mine, [
      ...[
        'SET GLOBAL max_connections = 1',
        'SET GLOBAL event_scheduler = ON',
        'SHUTDOWN',
        'FLUSH PRIVILEGES',
      ],
      ...[
        'FLUSH TABLES WITH READ LOCK',
        'BACKUP STAGE START',
        'PURGE BINARY LOGS BEFORE NOW()',
        'FLUSH LOGS',
      ],
      ...["CHANGE MASTER TO MASTER_HOST = '127.0.0.1'", 'SHOW MASTER STATUS', 'SHOW ENGINE INNODB STATUS'],
      ...['SET SESSION sql_log_bin = 0', `SET GLOBAL general_log_file = '/var/lib/mysql/x.php'`],
    ]),
    all('code and other servers', () => mine, [
      ...["INSTALL SONAME 'ha_connect'", "INSTALL PLUGIN x SONAME 'x.so'", "UNINSTALL SONAME 'auth_socket'"],
      ...["CREATE FUNCTION sys_exec RETURNS INT SONAME 'lib_mysqludf_sys.so'"],
      ...[
        "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'root', SOCKET '/run/mysqld/mysqld.sock')",
      ],
    ]),
    all('files', () => mine, [
      ...["LOAD DATA INFILE '/etc/passwd' INTO TABLE t", "SELECT 1 INTO OUTFILE '/tmp/sculptor-out'"],
      ...["SELECT 1 INTO DUMPFILE '/var/lib/mysql/x'", "LOAD XML INFILE '/etc/passwd' INTO TABLE t"],
    ]),
    {
      what: 'LOAD_FILE',
      act: () => sql(mine.login, "SELECT LOAD_FILE('/etc/passwd'), LOAD_FILE('/var/lib/mysql/ibdata1')").out,
      refusal: 'NULL\tNULL\n',
    },
    ...[theirs.threadId, ...agentThreads()].flatMap((thread) => [
      all(`session ${thread}`, () => mine, [`KILL ${thread}`, `KILL QUERY ${thread}`]),
      {
        what: `sees session ${thread}`,
        act: () =>
          sql(mine.login, 'SHOW FULL PROCESSLIST')
            .out.split('\n')
            .some((line) => line.startsWith(`${thread}\t`)),
        refusal: false,
      },
    ]),
  ]);
  expect(await tryIn(theirs, 'SELECT 1')).toBe('done');
});

function agentThreads(): readonly number[] {
  const query = "SELECT id FROM information_schema.processlist WHERE user IN ('sculptor', 'www-data')";
  const threads = rootSql(query).split('\n').filter(Boolean).map(Number);
  expect(threads.length).toBeGreaterThan(1);
  return threads;
}

const ENGINES = ['InnoDB', 'MyISAM', 'Aria'];

test('row 23: no table lies anywhere but in the tenant’s database', async () => {
  // As open as a tenant can make a folder of its own.
  const folder = '/srv/open-to-all';
  mkdirSync(folder);
  must('chmod', ['777', folder]);
  const places = [folder, `/var/lib/mysql/${other.name}`, '/run/mysqld', '/tmp'];
  const made = places.flatMap((place) =>
    ENGINES.flatMap((engine) =>
      ['DATA', 'INDEX'].flatMap((kind) => [
        `CREATE OR REPLACE TABLE placed (x INT) ENGINE = ${engine} ${kind} DIRECTORY = '${place}'`,
        `CREATE OR REPLACE TABLE parted (x INT) ENGINE = ${engine} PARTITION BY HASH (x)
           (PARTITION p ${kind} DIRECTORY = '${place}')`,
      ]),
    ),
  );
  const files = () =>
    [folder, '/run/mysqld', '/tmp', `/var/lib/mysql/${other.name}`].map((place) => readdirSync(place).sort());
  const before = files();
  await refused(23, [
    {
      what: 'DATA DIRECTORY and INDEX DIRECTORY',
      act: async () => {
        await tryAll(mine, made);
        const links = run('find', [`/var/lib/mysql/${mine.name}`, '-type', 'l', '-o', '-name', '*.isl']).out;
        return [links, files()];
      },
      refusal: ['', before],
      times: made.length,
    },
  ]);
  expect(await tryAll(mine, ['DROP TABLE placed', 'DROP TABLE parted'])).toEqual(['done', 'done']);
  rmSync(folder, { recursive: true });
});

test('row 23: no engine of this server reads another server or a file', async () => {
  const engines = [
    'FEDERATED',
    'CONNECT',
    'SPIDER',
    'S3',
    'SPHINX',
    'MROONGA',
    'OQGRAPH',
    'ROCKSDB',
    'CASSANDRA',
  ];
  const session = await openSession(mine);
  await tryIn(session, "SET sql_mode = 'NO_ENGINE_SUBSTITUTION'");
  await refused(
    23,
    engines.map((engine) => ({
      what: engine,
      act: () => tryIn(session, `CREATE TABLE ${engine.toLowerCase()} (x INT) ENGINE = ${engine}`),
      refusal: expect.stringMatching(/^(ER_UNKNOWN_STORAGE_ENGINE|ER_DISABLED_STORAGE_ENGINE)$/) as string,
    })),
  );
});

test('row 23: a name of SQL is a name where root’s own programs meet it', async () => {
  // At each start of MariaDB some distributions have root walk through all tables of these engines.
  const grant = `GRANT ALL ON *.* TO ${mine.login.name}@localhost`;
  const names = [`t\`\`;${grant}#`, `t';${grant}#`, `t";${grant}#`, `t$(id>/tmp/sculptor-id)`, '-- t'];
  const created = names.flatMap((name, index) =>
    ENGINES.map((engine) => `CREATE TABLE \`${name}${index}${engine}\` (x INT) ENGINE = ${engine}`),
  );
  expect(new Set(await tryAll(mine, created))).toEqual(new Set(['done']));
  await refused(23, [
    {
      what: 'MariaDB starts, and is looked after as the distribution does',
      act: async () => {
        must('systemctl', ['restart', 'mariadb']);
        must('mariadb-upgrade', ['--force', '--silent']);
        await ready();
        return [
          rootSql(`SELECT COUNT(*) FROM mysql.db WHERE user = '${mine.login.name}'`),
          existsSync('/tmp/sculptor-id'),
        ];
      },
      refusal: ['1\n', false],
      times: created.length,
    },
  ]);
  expect(sql(mine.login, 'SHOW GRANTS').out.split('\n')[0]).toMatch(/^GRANT USAGE ON \*\.\*/);
});

test('row 23: locks of a tenant keep neither the worker nor the API from anything', async () => {
  const session = await openSession(mine);
  const server = rootSql('SELECT id FROM sculptor.server LIMIT 1').trim();
  const guesses = ['', `-${server}`, `-${server}-`, '-default'].flatMap((end) => [
    `sculptor-worker${end}`,
    `worker-lock${end}`,
  ]);
  for (const guess of guesses) expect(await tryIn(session, `SELECT GET_LOCK('${guess}', 0)`)).toBe('done');
  await tryIn(session, 'BEGIN');
  await refused(23, [
    all('the agent’s tables', () => mine, [
      ...['LOCK TABLES sculptor.operation WRITE', 'SELECT * FROM sculptor.operation FOR UPDATE'],
      ...[
        'SELECT * FROM sculptor.server_fact',
        'SELECT * FROM sculptor_door.managed_database LOCK IN SHARE MODE',
      ],
    ]),
  ]);
  // Started anew while they are held, the worker has its own.
  must('systemctl', ['restart', 'sculptor-worker-privileged']);
  expect(sql(await createUser(other.id, { name: unique('u') }), 'SELECT 1').out).toBe('1\n');
});

test('row 23: a tenant gives its own account a password of its choosing', async () => {
  // MariaDB lets every account do so, and no right takes it away. It is the tenant's own account, in the tenant's
  // own database; asking for a rotation puts it back.
  const { login } = await createTenancy();
  expect(sql(login, "SET PASSWORD = PASSWORD('of my own')").code).toBe(0);
  expect(sql({ ...login, password: 'of my own' }, 'SELECT 1').out).toBe('1\n');
  accepted(23);
});
