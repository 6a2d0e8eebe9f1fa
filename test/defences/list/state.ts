import type { Defence } from '../defence.ts';

const DOOR = 'test/integration/worker/database-door.test.ts';
const DOOR_CAPS = 'test/integration/worker/database-door-caps.test.ts';
const DOOR_ACCOUNTS = 'test/integration/worker/database-accounts.test.ts';
const GRANTS = 'test/integration/api/grants.test.ts';
const OPERATIONS = 'test/integration/worker/operations.test.ts';
const NOT_LET_PASS = 'what the API would not have let pass, had it not been taken';
const MAY_NOT = 'the account of the API may not:';

/** Between the API and the worker: MariaDB, Redis, the queue, and what the worker believes. */
export const STATE: readonly Defence[] = [
  {
    name: 'the API ends no operation',
    against: 'who has the API and says that something is done',
    change: {
      file: 'state/accounts.sql',
      from: 'GRANT SELECT, INSERT (id, kind, resource_type,',
      to: 'GRANT SELECT, UPDATE, INSERT (id, kind, resource_type,',
    },
    noticed: { file: GRANTS, test: `${MAY_NOT} UPDATE operation SET status = 'succeeded'` },
  },
  {
    name: 'databases are changed for the last claim alone',
    against: 'a worker that hung, and does late what another has done since, and changed again',
    change: {
      file: 'worker-privileged/database-changes.ts',
      from: 'WHERE ${STILL_HELD})',
      to: 'WHERE ${STILL_HELD} OR TRUE)',
    },
    noticed: {
      file: DOOR,
      test: 'is made by whoever claimed it last, and by nobody who claimed it before',
    },
  },
  {
    name: 'the API makes no administrator',
    against: 'a token that outlives the cleaning of the API',
    change: {
      file: 'state/accounts.sql',
      from: 'GRANT SELECT, INSERT (id, sha256, name, tenant,',
      to: 'GRANT SELECT, INSERT (id, sha256, role, name, tenant,',
    },
    noticed: {
      file: GRANTS,
      test: `${MAY_NOT} INSERT INTO token (id, sha256, role, name) VALUES ('aaaaaaaaaaaa', SHA2('x', 256), 'administrator', 'x')`,
    },
  },
  {
    name: 'the door’s patterns are anchored at the text',
    against: 'a session in which ^ matches at every line',
    change: {
      file: 'state/procedures.sql',
      from: "(p_name COLLATE utf8mb4_bin REGEXP '\\\\A[a-z][a-z0-9_]{0,47}\\\\z')",
      to: "(p_name COLLATE utf8mb4_bin REGEXP '^[a-z][a-z0-9_]{0,47}$')",
    },
    noticed: {
      file: 'test/attack/database-words.test.ts',
      test: 'row 8: no name of a database is more than a name',
    },
  },
  {
    name: '_ stands for itself in a grant',
    against: 'the user of a_b who reads axb',
    change: { file: 'state/procedures.sql', from: "REPLACE(p_database, '_', '\\\\_')", to: 'p_database' },
    noticed: {
      file: DOOR,
      test: 'a database and its account whose name holds _ do not reach a database whose name has a letter there',
    },
  },
  {
    name: 'an account’s name stays with its database',
    against: 'a procedure that runs with the rights of whoever has its definer’s name next',
    change: {
      file: 'state/procedures.sql',
      from: 'WHERE u.name = p_name AND u.database_id <> p_database_id)',
      to: 'WHERE u.name = p_name AND FALSE)',
    },
    noticed: {
      file: DOOR,
      test: 'a database and its account do not leave their name to another database while what they defined is still there',
    },
  },
  {
    name: 'no account of the server through the door',
    against: 'root of MariaDB by another password',
    change: {
      file: 'state/procedures.sql',
      from: "OR p_name IN ('root', 'mysql', 'mariadb', 'sculptor', 'sculptor_door', 'public') THEN",
      to: 'THEN',
    },
    noticed: {
      file: DOOR,
      test: 'the procedures, called with what the contract would not let pass make no account "mariadb"',
    },
  },
  {
    name: 'no schema is adopted',
    against: 'a database that was somebody’s before',
    change: {
      file: 'state/procedures.sql',
      from: 'IF EXISTS (SELECT 1 FROM information_schema.schemata WHERE schema_name = p_name) THEN',
      to: 'IF FALSE THEN',
    },
    noticed: { file: DOOR, test: 'what was there before a schema is never adopted as a database' },
  },
  {
    name: 'a locked database keeps its accounts locked',
    against: 'a tenant who is suspended, and asks for another password',
    change: { file: 'state/procedures.sql', from: "IF(is_locked, 'LOCK', 'UNLOCK')", to: "'UNLOCK'" },
    noticed: {
      file: DOOR_ACCOUNTS,
      test: 'accounts that are locked are locked whatever is asked for meanwhile: the same again, other rights, another password, a new one',
    },
  },
  {
    name: 'an account’s connections are capped in the door',
    against: 'one account that takes all of MariaDB’s connections',
    change: {
      file: 'state/procedures.sql',
      from: '  SET p_most = GREATEST(1, LEAST(p_most, COALESCE(p_asked, p_most), COALESCE(planned, p_most)));',
      to: '  SET p_most = COALESCE(p_asked, p_most);',
    },
    noticed: {
      file: DOOR_ACCOUNTS,
      test: 'the connections of an account are as many as were asked for, and no more than any account may have',
    },
  },
  {
    name: 'a character set is a word',
    against: 'SQL behind the name of a collation',
    change: {
      file: 'state/procedures.sql',
      from: "NOT (p_collation COLLATE utf8mb4_bin REGEXP '\\\\A[a-z0-9_]{1,64}\\\\z')",
      to: 'FALSE',
    },
    noticed: {
      file: DOOR_ACCOUNTS,
      test: 'the character set of a database is not "utf8mb4" with "utf8mb4_bin; DROP DATABASE mysql", and nothing is made',
    },
  },
  {
    name: 'nothing of a tenant’s drives root’s terminal',
    against: 'a row that types for root who looks at it',
    change: {
      file: 'worker-privileged/executor/admin/talk.ts',
      from: 'print(visibleLines(chunk))',
      to: 'print(visibleLines === undefined ? "" : chunk)',
    },
    noticed: {
      file: 'test/unit/executor/talk.test.ts',
      test: 'what a tenant wrote drives no terminal, neither in an answer nor in an error',
    },
  },
  {
    name: 'grants are read back',
    against: 'an account with a right more than it was given',
    change: {
      file: 'contract/grants.ts',
      from: "database.replaceAll('_', '\\\\_')",
      to: 'database',
    },
    noticed: {
      file: 'test/unit/contract/grants.test.ts',
      test: 'rights are not right with an _ that stands for any letter',
    },
  },
  {
    name: 'the door’s procedures are granted by name',
    against: 'who has become sculptor and drops a database that no dump is kept of',
    change: {
      file: 'state/procedures.sql',
      from: "GRANT EXECUTE ON PROCEDURE sculptor_door.read_user TO 'sculptor'@'localhost';",
      to: "GRANT EXECUTE ON sculptor_door.* TO 'sculptor'@'localhost';",
    },
    noticed: {
      file: DOOR_CAPS,
      test: 'the worker is refused every other procedure that there is, and nothing changes',
    },
  },
  {
    name: 'the door’s clock is its own',
    against: 'a session that says that the hour is over',
    change: { file: 'state/procedures.sql', from: 'UNIX_TIMESTAMP(SYSDATE())', to: 'UNIX_TIMESTAMP()' },
    noticed: {
      file: DOOR_CAPS,
      test: 'in an hour there is no more room for a session that says SET timestamp = 2000000000',
    },
  },
  {
    name: 'the door’s zone is its own',
    against: 'a session in whose zone it is another hour',
    change: {
      file: 'state/procedures.sql',
      from: "  SET SESSION time_zone = '+00:00';\n  SET clock = UNIX_TIMESTAMP(SYSDATE());",
      to: "  SET clock = TIMESTAMPDIFF(SECOND, '1970-01-01', SYSDATE());",
    },
    noticed: {
      file: DOOR_CAPS,
      test: "in an hour there is no more room for a session that says SET time_zone = '+13:00'",
    },
  },
  {
    name: 'sessions end with their account',
    against: 'who came in before the account was dropped, and stays',
    change: { file: 'state/dialects/mariadb.sql', from: "CONCAT('KILL USER `'", to: "CONCAT('DO 1 -- '" },
    noticed: { file: DOOR_CAPS, test: 'an open session ends when its account is dropped' },
  },
  {
    name: 'a job is an id',
    against: 'whoever writes to Redis and puts orders into a job',
    change: {
      file: 'contract/operations.ts',
      from: 'export const WakeUp = z.strictObject(',
      to: 'export const WakeUp = z.object(',
    },
    noticed: {
      file: 'test/unit/worker/queue.test.ts',
      test: 'a job named "wake" that says {"operationId":"abcdefghijklmnopqrst","more":1} gives none',
    },
  },
  {
    name: 'one name of a job',
    against: 'jobs of BullMQ’s other kinds',
    change: {
      file: 'worker-privileged/queue.ts',
      from: 'if (job.name !== WAKE_UP) return undefined;',
      to: '',
    },
    noticed: {
      file: 'test/unit/worker/queue.test.ts',
      test: 'a job named "wipe" that says {"operationId":"abcdefghijklmnopqrst"} gives none',
    },
  },
  {
    name: 'epochs',
    against: 'a worker that was thought dead and writes about what another does now',
    change: {
      file: 'state/tickets.ts',
      from: 'id = ? AND epoch = ? AND',
      to: 'id = ? AND epoch >= LEAST(?, 0) AND',
    },
    noticed: {
      file: 'test/integration/worker/state.test.ts',
      test: 'an epoch keeps whoever comes late with an old one from changing anything',
    },
  },
  {
    name: 'the worker parses again',
    against: 'a version that only a taken API can have written',
    change: {
      file: 'worker-privileged/task.ts',
      from: "if (!result.success) throw refused(result.error.issues[0]?.path.join('.') ?? '');",
      to: 'if (!result.success) return value as z.infer<S>;',
    },
    noticed: {
      file: OPERATIONS,
      test: `${NOT_LET_PASS} is refused before root hears of it: the folder ../../etc`,
    },
  },
  {
    name: 'the worker asks whose a name is',
    against: 'a taken API that gives one tenant’s name to another',
    change: {
      file: 'worker-privileged/handlers/domain.ts',
      from: 'await checkNames({ state, serverName }, site);',
      to: '',
    },
    noticed: {
      file: OPERATIONS,
      test: `${NOT_LET_PASS} is refused: a name that another domain holds, and one that nobody holds`,
    },
  },
  {
    name: 'commands of Redis by account',
    against: 'who has the API’s secret of Redis and empties it',
    change: { file: 'systemd/redis/redis.acl', from: '-@all @commands-api@', to: '+@all' },
    noticed: {
      file: 'test/machine/installation.test.ts',
      test: 'Redis refuses api ["FLUSHALL"]',
    },
  },
  {
    name: 'a token has a line of makers',
    against: 'a row that a taken API inserts as a token which nobody made',
    change: { file: 'state/tokens.ts', from: '(NOT s.rooted OR (', to: '(FALSE OR (' },
    noticed: { file: 'test/integration/api/authentication.test.ts', test: 'a token that nobody made' },
  },
  {
    name: 'a password is shown once and not kept',
    against: 'whoever reads the state and finds passwords in the answers kept there',
    change: { file: 'api/write-once.ts', from: '...outcome.once?.kept };', to: '...outcome.once?.shown };' },
    noticed: { file: 'test/unit/api/writer.test.ts', test: 'what is shown once is given to no statement' },
  },
];
