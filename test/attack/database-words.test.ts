import { createDatabase, createUser, ready, unique } from '../machine/agent.ts';
import { refused, type Attempt } from './attempt.ts';
import { around, SQL } from './hostile.ts';
import { literal, SCULPTOR, sqlAs } from './thieves.ts';

/* Row 8 where it matters: the worker taken, in front of the procedures that are all it has. */

const HASH = `*${'0'.repeat(40)}`;

let database: string;
let user: string;

beforeAll(async () => {
  await ready();
  database = (await createDatabase(unique('words'))).id;
  user = (await createUser(database, { name: unique('words') })).id;
});

/** What a session may set for itself, each of which changes how the server reads text or patterns. */
const SESSIONS = [
  'DO 1',
  "SET default_regex_flags = 'MULTILINE'",
  "SET default_regex_flags = 'DOTALL,EXTENDED,EXTRA,MULTILINE,UNGREEDY,DUPNAMES'",
  "SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'",
  "SET sql_mode = ''; SET NAMES gbk",
  'SET autocommit = 0, foreign_key_checks = 0, unique_checks = 0, sql_select_limit = 1',
  "SET collation_connection = 'utf8mb4_unicode_ci', sql_quote_show_create = 0",
];

/** Each value in a call of its own, and all of them once more in each kind of session. */
function calls(what: string, good: string, call: (value: string) => string): readonly Attempt[] {
  const values = around(good, SQL).filter((value) => value.trim() !== good);
  return SESSIONS.map((session) => ({
    what: `${what}; ${session}`,
    act: () => {
      const [, ...came] = sqlAs(SCULPTOR, [
        session,
        ...values.map((value) => `CALL sculptor_door.${call(literal(value))}`),
      ]);
      return values.map((value, index) => [value, came[index]]);
    },
    refusal: values.map((value) => [value, 'invalid_request']),
    times: values.length,
  }));
}

const fresh = () => `t${unique('').padEnd(11, '0')}`;

test('row 8: no name of a database is more than a name', async () => {
  await refused(
    8,
    calls(
      'a database called',
      'abc',
      (name) => `put_database('${fresh()}', ${name}, 'utf8mb4', 'utf8mb4_bin', 'default')`,
    ),
  );
});

test('row 8: no name of an account is more than a name', async () => {
  const put = (name: string) => `put_user('${fresh()}', '${database}', ${name}, 'all', '${HASH}', NULL)`;
  await refused(8, calls('an account called', 'abc', put));
});

test('row 8: no hash is more than a hash', async () => {
  await refused(
    8,
    calls('a password of', HASH, (hash) => `put_password('${user}', ${hash})`),
  );
  const put = (hash: string) => `put_user('${fresh()}', '${database}', 'abc', 'all', ${hash}, NULL)`;
  await refused(8, calls('an account with the password', HASH, put));
});

test('row 8: no character set is more than a word of the list', async () => {
  const put = (charset: string, collation: string) =>
    `put_database('${fresh()}', 'abc', ${charset}, ${collation}, 'default')`;
  await refused(
    8,
    calls('the character set', 'utf8mb4', (charset) => put(charset, "'utf8mb4_bin'")),
  );
  await refused(
    8,
    calls('the collation', 'utf8mb4_bin', (collation) => put("'utf8mb4'", collation)),
  );
});

test('row 8: no word for rights but the two there are', async () => {
  const put = (rights: string) => `put_user('${fresh()}', '${database}', 'abc', ${rights}, '${HASH}', NULL)`;
  await refused(8, calls('rights', 'all', put));
});
