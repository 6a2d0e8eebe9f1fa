import { readFileSync } from 'node:fs';
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import { createDatabase, createUser, unique } from '../machine/agent.ts';
import type { Login } from '../machine/agent.ts';
import type { Database } from '../../contract/databases.ts';
import { must, run } from '../machine/server.ts';
import type { Ran } from '../machine/server.ts';

/** Where scripts/mysql/begin.sh has it. */
export const SOCKET = '/run/mysql/mysqld.sock';

const CLIENT = [
  '--no-defaults',
  '--batch',
  '--raw',
  '--skip-column-names',
  '--binary-mode',
  `--socket=${SOCKET}`,
];

/** SQL as MySQL's root; gives the rows, tabs between columns. */
export function rootSql(statements: string): string {
  return must('mariadb', [...CLIENT, '--default-character-set=utf8mb4', '--user=root'], statements);
}

type Account = Pick<Login, 'name' | 'password'>;

/** SQL as an account of a tenant, by the client that is on the server. */
export function sql({ name, password }: Account, statements: string, database = ''): Ran {
  return run(
    'env',
    [
      ...['-i', 'PATH=/usr/bin:/bin', `MYSQL_PWD=${password}`, 'mariadb', ...CLIENT],
      ...['--default-character-set=utf8mb4', `--user=${name}`, database].filter(Boolean),
    ],
    statements,
  );
}

const open: Connection[] = [];

/** A session as an application has it, by a driver of its own. */
export async function connect({ name, password }: Account, database?: string): Promise<Connection> {
  const session = await createConnection({
    ...{ socketPath: SOCKET, user: name, password, ...(database === undefined ? {} : { database }) },
  });
  // One that the server ends says so here too.
  session.on('error', () => undefined);
  open.push(session);
  return session;
}

export async function endSessions(): Promise<void> {
  for (const session of open.splice(0)) await session.end().catch(() => undefined);
}

/** `done`, or what the server called its refusal: its code, or the word of a procedure of ours. */
export async function tryIn(session: Connection, statement: string): Promise<string> {
  try {
    await session.query(statement);
    return 'done';
  } catch (error) {
    const { code, sqlState, sqlMessage } = error as Readonly<Record<string, string | undefined>>;
    return (sqlState === '45000' ? sqlMessage : code) ?? String(error);
  }
}

/** Whether somebody gets in. */
export async function login(account: Account): Promise<string> {
  try {
    const session = await connect(account);
    await session.end();
    return 'in';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

/** Sculptor itself, in the hands of who has the worker. */
export function asSculptor(): Promise<Connection> {
  const { user, password } = JSON.parse(readFileSync('/var/lib/sculptor/mariadb.json', 'utf8')) as {
    user: string;
    password: string;
  };
  return connect({ name: user, password });
}

export type Tenancy = Database & { readonly writer: Login };

export async function createTenancy(name = unique('t')): Promise<Tenancy> {
  const database = await createDatabase(name);
  return { ...database, writer: await createUser(database.id, { name: unique('w') }) };
}

/** What a tenant may put into a database, and somebody who brings it back has to mind. */
export const CONTENTS = `
CREATE TABLE plain (id INT PRIMARY KEY AUTO_INCREMENT, price INT DEFAULT 4, words VARCHAR(200), raw BLOB, big LONGTEXT, doc JSON,
  twice INT AS (price * 2) STORED, thrice INT AS (price * 3) VIRTUAL, at DATETIME(6) NULL, mark VARCHAR(36) DEFAULT (UUID()),
  bits BIT(3), place POINT SRID 4326, KEY (words), KEY ((price + 1)), CHECK (price < 100)) COLLATE utf8mb4_0900_as_cs;
INSERT INTO plain (words, raw, big, doc, at, bits, place) VALUES
  ('Grüße 😀 ''"\\\\%_', X'00FF0A0D1A275C', REPEAT('long ', 20000), '{"a": [1, null]}', '2026-01-02 03:04:05.678901', b'101',
    ST_GeomFromText('POINT(1 2)', 4326)),
  ('DEFINER=\`root\`@\`localhost\`', X'', '', '[]', NULL, NULL, NULL), (NULL, NULL, NULL, NULL, NULL, NULL, NULL);
DELETE FROM plain WHERE id = 3;
CREATE TABLE hidden (id INT PRIMARY KEY, secret INT INVISIBLE);
INSERT INTO hidden (id, secret) VALUES (1, 42);
CREATE TABLE \`with space; and \`\`quote\` (\`a b\` INT, \`sele;ct\` TEXT) COMMENT 'it''s; \\n DELIMITER //';
INSERT INTO \`with space; and \`\`quote\` VALUES (1, 'x;\\nDELIMITER //\\n\\\\! id');
CREATE TABLE \`täble\` (x INT) CHARACTER SET latin1;
CREATE TABLE parted (id INT, year INT, PRIMARY KEY (id, year)) PARTITION BY RANGE (year)
  (PARTITION old VALUES LESS THAN (2000), PARTITION young VALUES LESS THAN MAXVALUE);
INSERT INTO parted VALUES (1, 1999), (2, 2026);
CREATE TABLE child (parent INT, CONSTRAINT to_plain FOREIGN KEY (parent) REFERENCES plain (id) ON DELETE CASCADE);
INSERT INTO child VALUES (1), (2);
CREATE VIEW seen AS SELECT id, words, '/*!50013 DEFINER=\`x\`@\`y\` SQL SECURITY DEFINER */' AS text FROM plain;
CREATE SQL SECURITY INVOKER VIEW again AS SELECT s.id FROM seen s;
DELIMITER //
CREATE TRIGGER before_child BEFORE INSERT ON child FOR EACH ROW BEGIN
  SET NEW.parent = COALESCE(NEW.parent, 1);
  SET @text = '
DELIMITER ;;
CREATE DEFINER=\`root\`@\`localhost\` PROCEDURE p() SELECT 1 ;;
';
END //
CREATE PROCEDURE put(IN p_words VARCHAR(200)) BEGIN INSERT INTO plain (words) VALUES (p_words); END //
CREATE FUNCTION doubled(x INT) RETURNS INT DETERMINISTIC RETURN x * 2 //
CREATE EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO BEGIN DELETE FROM child WHERE parent = 0; END //
DELIMITER ;
CREATE VIEW calling AS SELECT doubled(id) AS twice FROM plain;
`;

export function fill({ name, writer }: Tenancy, text = CONTENTS): void {
  const { code, err } = sql(writer, text, name);
  if (code !== 0) throw new Error(err);
}

const DUMP = [
  ...[
    '--no-defaults',
    `--socket=${SOCKET}`,
    '--skip-comments',
    '--skip-dump-date',
    '--hex-blob',
    '--user=root',
  ],
  ...['--routines', '--events', '--triggers', '--set-gtid-purged=OFF', '--no-tablespaces', '--'],
];

/**
 * All that a database holds, as one text that compares; whoever defined it aside. A collation stands for its character
 * set, which MySQL prints with it once a statement has said it.
 */
export function contentsOf(database: string): string {
  return must('/usr/local/bin/mysqldump', [...DUMP, database])
    .replace(/DEFINER=`\w+`@`localhost`/g, 'DEFINER')
    .replace(/ CHARACTER SET \w+(?= COLLATE )/g, '');
}

export function definersOf(database: string): readonly string[] {
  return rootSql(`SELECT definer FROM information_schema.views WHERE table_schema = '${database}'
    UNION SELECT definer FROM information_schema.routines WHERE routine_schema = '${database}'
    UNION SELECT definer FROM information_schema.triggers WHERE trigger_schema = '${database}'
    UNION SELECT definer FROM information_schema.events WHERE event_schema = '${database}'`)
    .split('\n')
    .filter(Boolean);
}
