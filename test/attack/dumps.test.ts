import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import {
  accepted,
  createDatabase,
  createUser,
  ready,
  succeeded,
  unique,
  type Login,
} from '../machine/agent.ts';
import { contentsOf, dumpOf, fill } from '../machine/contents.ts';
import { ask } from '../machine/executor-conversation.ts';
import { must, rootSql, run, sql } from '../machine/server.ts';
import { accepted as canBeDone, refused, type Attempt } from './attempt.ts';

/*
 * Row 16: a dump is what a tenant wrote, and somebody may even have put another file in its place. It is played back
 * as a tenant's own account, by a client that takes SQL for all there is.
 */

const DUMPS = '/var/lib/sculptor-root/trash/databases';
const dumpFile = (id: string) => `${DUMPS}/${readdirSync(DUMPS).find((file) => file.startsWith(id)) ?? ''}`;

/** What would be there if something had got out. */
const MARK = '/tmp/got-out';

type Tenant = { readonly id: string; readonly name: string; readonly login: Login };

async function createTenant(prefix: string, text: string): Promise<Tenant> {
  const { id, name } = await createDatabase(unique(prefix));
  const login = await createUser(id, { name: unique(prefix) });
  fill(login, name, text);
  return { id, name, login };
}

const remove = async ({ id }: Tenant) => succeeded(await accepted('DELETE', `/v1/databases/${id}`));

let victim: Tenant;
let thief: Tenant;

beforeAll(async () => {
  await ready();
  victim = await createTenant('victim', 'CREATE TABLE safe (x INT); INSERT INTO safe VALUES (1), (2);');
  thief = await createTenant('thief', 'CREATE TABLE t (x INT); INSERT INTO t VALUES (7);');
  await remove(thief);
});

/** In front of what the true dump says, so that nothing but this is wrong with it. */
const SQL_OF_A_THIEF = (): readonly string[] => [
  `USE ${victim.name}; DROP TABLE safe;`,
  `USE mysql;`,
  `INSERT INTO ${victim.name}.safe VALUES (3);`,
  `CREATE VIEW v AS SELECT * FROM ${victim.name}.safe;`,
  `CREATE VIEW v AS SELECT * FROM mysql.global_priv;`,
  `CREATE DEFINER=\`root\`@\`localhost\` PROCEDURE p() SQL SECURITY DEFINER DROP DATABASE ${victim.name};`,
  `CREATE DEFINER=root@localhost SQL SECURITY DEFINER VIEW v AS SELECT 1 AS one;`,
  `CREATE DEFINER=\`${victim.login.name}\`@\`localhost\` FUNCTION f() RETURNS INT RETURN (SELECT COUNT(*) FROM ${victim.name}.safe);`,
  `/*!50013 DEFINER=\`root\`@\`localhost\` */`,
  `DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=\`root\`@\`localhost\`*/ /*!50003 TRIGGER ${victim.name}.tr BEFORE INSERT ON ${victim.name}.safe FOR EACH ROW SET @x = 1 */;;\nDELIMITER ;`,
  `CREATE DEFINER=root@localhost EVENT e ON SCHEDULE EVERY 1 SECOND DO DROP DATABASE ${victim.name};`,
  "CREATE USER 'mine'@'%' IDENTIFIED BY 'x';",
  `GRANT ALL ON *.* TO '${thief.login.name}'@'localhost';`,
  `GRANT ALL ON ${thief.name}.* TO PUBLIC;`,
  "ALTER USER 'root'@'localhost' IDENTIFIED BY 'x';",
  "SET PASSWORD FOR 'root'@'localhost' = PASSWORD('x');",
  `SET PASSWORD FOR '${victim.login.name}'@'localhost' = PASSWORD('x');`,
  "RENAME USER 'root'@'localhost' TO 'toor'@'localhost';",
  'SET ROLE sculptor_door;',
  'SET GLOBAL general_log = 1;',
  `SET GLOBAL init_connect = 'DROP DATABASE ${victim.name}';`,
  'SET SESSION sql_log_bin = 0;',
  'CREATE DATABASE another;',
  `DROP DATABASE ${victim.name};`,
  `CALL sculptor_door.remove_database('${victim.id}');`,
  `CALL sculptor_door.open_database('${victim.id}');`,
  "UPDATE sculptor.token SET role = 'administrator';",
  'SELECT * FROM sculptor.token;',
  `SELECT 1 INTO OUTFILE '${MARK}';`,
  `SELECT 1 INTO DUMPFILE '${MARK}';`,
  "CREATE TABLE l (x TEXT); LOAD DATA INFILE '/etc/passwd' INTO TABLE l;",
  "CREATE TABLE l (x TEXT); LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE l;",
  "CREATE TABLE d (x INT) DATA DIRECTORY = '/tmp'; SELECT * FROM nowhere;",
  "INSTALL SONAME 'ha_connect';",
  "CREATE FUNCTION sys_exec RETURNS INT SONAME 'lib_mysqludf_sys.so';",
  'SHUTDOWN;',
  'FLUSH PRIVILEGES;',
  `KILL USER ${victim.login.name}; SELECT * FROM nowhere;`,
  "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1');",
  'CHANGE MASTER TO MASTER_HOST = "127.0.0.1";',
];

/** What the client itself would do, were it let. */
const COMMANDS_OF_THE_CLIENT: readonly string[] = [
  `\\! touch ${MARK}`,
  `SELECT 1; \\! touch ${MARK}`,
  `system touch ${MARK}`,
  `SYSTEM touch ${MARK};`,
  `source /etc/shadow`,
  `\\. /etc/shadow`,
  `tee ${MARK}`,
  `\\T ${MARK}`,
  `pager touch ${MARK}`,
  `\\P touch ${MARK}`,
  `edit`,
  `\\e`,
  `connect mysql localhost`,
  `\\r mysql localhost`,
  `\\u mysql`,
  `delimiter //\n\\! touch ${MARK}\n//`,
  `-- a comment, with a line in it\n\\! touch ${MARK}`,
  `/*!999999 \\! touch ${MARK} */;\n\\! touch ${MARK}`,
  `SELECT 'a\n\\! touch ${MARK}\n;`,
];

/** All by itself, and taken by MariaDB: what comes of it is not what was removed. */
const OTHER_CONTENTS = (): readonly string[] => [
  '',
  'CREATE TABLE t (x INT); CREATE TABLE more (x INT);',
  `DROP DATABASE ${thief.name};`,
  `DROP DATABASE ${thief.name}; CREATE DATABASE ${thief.name} CHARACTER SET latin1; USE ${thief.name}; CREATE TABLE t (x INT);`,
  "SET PASSWORD = PASSWORD('known to the thief');",
  'CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DO SELECT 1; CREATE TABLE t (x INT);',
];

/** What restoring may touch of the thief's own. */
const own = () => [DUMPS, thief.id, thief.name, thief.login.name];

function restoring(what: string, dump: Buffer, code: string): Attempt {
  return {
    what,
    act: async () => {
      const before = contentsOf(victim.name);
      writeFileSync(dumpFile(thief.id), dump);
      const came = await ask('socket', 'database.restore', { id: thief.id });
      return [came.code, existsSync(MARK), contentsOf(victim.name) === before, sessions()];
    },
    refusal: [code, false, true, ''],
    audit: [
      { event: 'begun', verb: 'database.restore', id: thief.id },
      { event: 'ended', verb: 'database.restore', id: thief.id, outcome: code },
    ],
  };
}

const sessions = () =>
  rootSql(`SELECT user FROM information_schema.processlist WHERE user IN ('${thief.login.name}', 'mine')`);

describe('row 16: a dump in whose place somebody has put another', () => {
  let text = '';
  beforeAll(() => {
    text = run('zcat', [dumpFile(thief.id)]).out;
  });
  const instead = (statement: string) => gzipSync(`${statement}\n${text}`);

  test('does nothing that its own tenant could not do, and the database stays in the trash', async () => {
    const attempts = SQL_OF_A_THIEF().map((one) => restoring(one, instead(one), 'server_broken'));
    await refused(16, attempts, own());
  });

  test('is no program, no file and no other login to the client', async () => {
    const attempts = COMMANDS_OF_THE_CLIENT.map((one) => restoring(one, instead(one), 'server_broken'));
    await refused(16, attempts, own());
  });

  test('does not stand where it is not what was removed', async () => {
    const attempts = OTHER_CONTENTS().map((one) => restoring(one, gzipSync(`${one}\n`), 'mismatch'));
    await refused(16, attempts, own());
  });

  test('is no dump where it is no archive, half of one, or one that grows', async () => {
    const whole = gzipSync(text);
    const attempts = [
      restoring('no archive', Buffer.from(text), 'server_broken'),
      restoring('nothing', Buffer.alloc(0), 'server_broken'),
      restoring('half of it', whole.subarray(0, whole.length / 2), 'server_broken'),
      restoring('zeroes', gzipSync(Buffer.alloc(1 << 26)), 'mismatch'),
    ];
    await refused(16, attempts, own());
  });

  test('is played back once it is the true one again', async () => {
    writeFileSync(dumpFile(thief.id), gzipSync(text));
    await succeeded(await accepted('POST', `/v1/databases/${thief.id}/restore`));
    expect(sql(thief.login, 'SELECT x FROM t', thief.name).out).toBe('7\n');
  });
});

/** Names, comments and bodies that break out of a dump that repeats them, or of a client that reads them. */
const HOSTILE = `
CREATE TABLE \`a
\\! touch ${MARK}
DELIMITER //
b\` (x INT) COMMENT '\\n\\\\! touch ${MARK}\\n';
INSERT INTO \`a
\\! touch ${MARK}
DELIMITER //
b\` VALUES (1);
CREATE TABLE \`*/; DROP DATABASE mysql; /*\` (\`--x\` INT, \`;\` INT, \`/*!\` INT) COMMENT '*/ ; USE mysql;';
CREATE VIEW \`v*/\` AS SELECT '*/ ; USE mysql; /*' AS \`*/\`, "\\n\\\\! touch ${MARK}" AS two;
CREATE TABLE target (x INT DEFAULT 3 COMMENT '\\'; DROP DATABASE mysql; --', s VARCHAR(50) DEFAULT '\\n\\\\! id');
DELIMITER //
CREATE PROCEDURE \`p
\\! touch ${MARK}
\`() COMMENT '*/ \\n\\\\! touch ${MARK}' BEGIN
  -- ;;
  /* DELIMITER ;
  \\! touch ${MARK}
  */
  SELECT ';;
DELIMITER ;
\\! touch ${MARK}
USE mysql;
DELIMITER ;;
CREATE DEFINER=\`root\`@\`localhost\` PROCEDURE x() SELECT 1 ;;
';
END //
CREATE TRIGGER \`t;;\` BEFORE INSERT ON target FOR EACH ROW BEGIN SET @x = '*/;;
DELIMITER ;
system touch ${MARK}
'; END //
CREATE EVENT \`e*/\` ON SCHEDULE EVERY 1 YEAR COMMENT '*/; //' DO SELECT '*/; //
DELIMITER ;
source /etc/shadow
' //
DELIMITER ;
`;

test('row 16: what a tenant calls its things, and writes into them, is brought back as that and as nothing else', async () => {
  const tenant = await createTenant('hostile', HOSTILE);
  const [before, theirs] = [contentsOf(tenant.name), contentsOf(victim.name)];
  const accounts = rootSql('SELECT user, host, priv FROM mysql.global_priv ORDER BY 1, 2');
  const schemas = rootSql('SHOW DATABASES');
  await remove(tenant);
  await succeeded(await accepted('POST', `/v1/databases/${tenant.id}/restore`));
  expect(contentsOf(tenant.name)).toBe(before);
  expect(contentsOf(victim.name)).toBe(theirs);
  expect(existsSync(MARK)).toBe(false);
  expect(withoutTimes(rootSql('SELECT user, host, priv FROM mysql.global_priv ORDER BY 1, 2'))).toBe(
    withoutTimes(accounts),
  );
  expect(rootSql('SHOW DATABASES')).toBe(schemas);
  expect(sql(tenant.login, 'SELECT 1', tenant.name).out).toBe('1\n');
  canBeDone(16);
});

const withoutTimes = (text: string) =>
  text.replace(/"password_last_changed":\d+,?|"account_locked":false,?/g, '');

test('row 16: a view that root had defined there is not given to the tenant with the rights of root', async () => {
  const tenant = await createTenant('lent', 'CREATE TABLE t (x INT);');
  rootSql(`CREATE DEFINER = root@localhost VIEW ${tenant.name}.peek AS SELECT user FROM mysql.global_priv;
    CREATE DEFINER = root@localhost PROCEDURE ${tenant.name}.reach() SQL SECURITY DEFINER SELECT COUNT(*) FROM mysql.global_priv`);
  expect(dumpOf(tenant.name)).toContain('DEFINER=`root`');
  await remove(tenant);
  const { code } = await ask('socket', 'database.restore', { id: tenant.id });
  expect(code).toBe('server_broken');
  expect(rootSql(`SHOW DATABASES LIKE '${tenant.name}'`)).toBe('');
  expect(readFileSync(`/var/lib/sculptor-root/databases/${tenant.id}.json`, 'utf8')).toContain(
    '"removedAt":"',
  );
});

const SLEEPY = `
CREATE TABLE words (s VARCHAR(9));
CREATE FUNCTION slow() RETURNS VARCHAR(1) DETERMINISTIC RETURN 'a';
CREATE VIEW awake AS SELECT s FROM words;
CREATE VIEW sleepy AS SELECT s FROM words WHERE s LIKE 'x' ESCAPE slow();
DELIMITER //
CREATE OR REPLACE FUNCTION slow() RETURNS VARCHAR(1) DETERMINISTIC BEGIN DO SLEEP(86400); RETURN 'a'; END //
DELIMITER ;
`;

/** What a session of a neighbour has prepared and not ended yet; call it for the end of it. */
function preparedBy({ login, name }: Tenant): () => string {
  const said = `/tmp/prepared-${name}`;
  const client = `MYSQL_PWD=${login.password} mariadb --no-defaults --unbuffered -N --user=${login.name} \
    --socket=/run/mysqld/mysqld.sock ${name}`;
  must('sh', [
    '-c',
    `( ( echo "XA START 'kept'; INSERT INTO safe VALUES (3); XA END 'kept'; XA PREPARE 'kept'; SELECT 'prepared';"
      until [ -e ${said}-go ]; do sleep 0.1; done; echo "XA COMMIT 'kept'; SELECT 'ended';" ) | ${client} ) >${said} 2>&1 &
    until grep -q prepared ${said}; do sleep 0.1; done`,
  ]);
  return () =>
    must('sh', [
      '-c',
      `touch ${said}-go; until grep -q 'ended\\|ERROR' ${said}; do sleep 0.1; done; cat ${said}`,
    ]);
}

test('row 45: neither a view that sleeps nor what a session left prepared keeps a database from its removal', async () => {
  const tenant = await createTenant('holds', SLEEPY);
  const endOfNeighbours = preparedBy(victim);
  sql(
    tenant.login,
    "XA START 'left'; INSERT INTO words VALUES ('x'); XA END 'left'; XA PREPARE 'left'",
    tenant.name,
  );
  expect(
    rootSql('XA RECOVER')
      .match(/left|kept/g)
      ?.sort(),
  ).toEqual(['kept', 'left']);

  const { steps } = await remove(tenant);
  expect(steps.map(({ name }) => name)).toContain('left out of the dump: the broken view sleepy');
  expect(rootSql('XA RECOVER')).not.toContain('left');
  expect(endOfNeighbours()).toBe('prepared\nended\n');
  await succeeded(await accepted('POST', `/v1/databases/${tenant.id}/restore`));
  expect(sql(tenant.login, 'SHOW TABLES', tenant.name).out).toBe('awake\nwords\n');
  expect(sql(tenant.login, 'SELECT * FROM awake', tenant.name).out).toBe('');
});

/** Harmless, and only for who may do anything to the server. */
const SWITCH = 'innodb_print_all_deadlocks';
const VIEWS = `
DELIMITER //
CREATE FUNCTION reach() RETURNS VARCHAR(1) DETERMINISTIC SQL SECURITY INVOKER BEGIN
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
  SET GLOBAL ${SWITCH} = ON;
  RETURN 'a';
END //
CREATE PROCEDURE reached() SQL SECURITY INVOKER SELECT reach() //
DELIMITER ;
CREATE TABLE t (x INT, s VARCHAR(9));
CREATE SQL SECURITY INVOKER VIEW shown AS SELECT * FROM t WHERE s LIKE 'x' ESCAPE reach();
CREATE SQL SECURITY INVOKER VIEW dumped AS SELECT LEFT(s, reach()) AS l, s REGEXP reach() AS r, ROUND(x, reach()) AS o,
  INTERVAL(x, reach(), 2, 3, 4, 5, 6, 7, 8, 9) AS i, STR_TO_DATE('2020', reach()) AS d FROM t WHERE x IN (reach(), 2);
`;

test('row 16: a function that MariaDB runs when it only shows a view has the rights of its tenant, not of root', async () => {
  const tenant = await createTenant('shows', VIEWS);
  const switched = () => rootSql(`SELECT @@${SWITCH}`).trim();
  // So it is where root looks.
  rootSql(`SHOW FIELDS FROM ${tenant.name}.shown`);
  expect(switched()).toBe('1');
  rootSql(`SET GLOBAL ${SWITCH} = OFF`);

  await remove(tenant);
  expect(switched()).toBe('0');
  await succeeded(await accepted('POST', `/v1/databases/${tenant.id}/restore`));
  expect(switched()).toBe('0');
  expect(rootSql("SELECT user FROM mysql.global_priv WHERE user LIKE 'sculptor-%'")).toBe('');
  expect(rootSql(`SELECT COUNT(*) FROM mysql.proc WHERE db = '${tenant.name}'`)).toBe('2\n');
});
