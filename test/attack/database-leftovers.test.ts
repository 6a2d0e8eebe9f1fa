import { setTimeout as pause } from 'node:timers/promises';
import { accepted, createUser, ended, ready, succeeded, unique } from '../machine/agent.ts';
import { rootSql, sql } from '../machine/server.ts';
import { refused } from './attempt.ts';
import { createTenancy, endSessions, openSession, tryAll, tryIn, type Tenancy } from './tenants.ts';

/* Rows 16, 19 and 20: what a tenant leaves behind, for the next of its name or for root to walk into. */

beforeAll(ready);
afterAll(endSessions);

const remove = ({ id }: Tenancy) => accepted('DELETE', `/v1/databases/${id}`).then(succeeded);
const GONE = expect.stringMatching(/^(PROTOCOL_CONNECTION_LOST|ECONNRESET|EPIPE|ERROR undefined)$/) as string;

const READS = ['SELECT x FROM secret', 'INSERT INTO secret VALUES (6)', 'SHOW TABLES', 'DROP TABLE secret'];

test('row 19: a session that was open when its database went reads nothing in the next of its name', async () => {
  const before = await createTenancy();
  const session = await openSession(before);
  await remove(before);
  const next = await createTenancy(before.name);
  await tryAll(next, ['CREATE TABLE secret (x INT)', 'INSERT INTO secret VALUES (5)']);
  await refused(
    19,
    READS.map((statement) => ({
      what: `the old session: ${statement}`,
      act: () => tryIn(session, statement),
      refusal: expect.not.stringMatching(/^(done|ER_NO_SUCH_TABLE)$/) as string,
    })),
  );
  expect(rootSql(`SELECT x FROM ${next.name}.secret`)).toBe('5\n');
});

test('row 19: nobody who came in before stays when the account goes, or has another password', async () => {
  const one = await createTenancy();
  const other = await createUser(one.id, { name: unique('u') });
  const [first, second] = [await openSession(one), await openSession({ ...one, login: other })];
  const path = (login: { readonly id: string }) => `/v1/databases/${one.id}/users/${login.id}`;
  await succeeded(await accepted('DELETE', path(one.login)));
  await succeeded(await accepted('POST', `${path(other)}/rotate-password`));
  const again = await createUser(one.id, { name: one.login.name });
  await refused(19, [
    { what: 'whose account went', act: () => tryIn(first, 'SHOW TABLES'), refusal: GONE },
    { what: 'with the former password', act: () => tryIn(second, 'SHOW TABLES'), refusal: GONE },
    { what: 'with the password from before', act: () => sql(one.login, 'SELECT 1').code, refusal: 1 },
    { what: 'with the rotated one', act: () => sql(other, 'SELECT 1').code, refusal: 1 },
  ]);
  expect(sql(again, 'SELECT 1', one.name).out).toBe('1\n');
});

test('row 20: a view in the place of a table is not read as root when its database is dumped', async () => {
  // What runs as whoever reads it writes here, where only root may.
  const seen = unique('seen');
  rootSql(`CREATE DATABASE ${seen}; CREATE TABLE ${seen}.who (who VARCHAR(100)) ENGINE = MyISAM`);
  const evil = await createTenancy();
  expect(
    await tryAll(evil, [
      'CREATE TABLE t (x VARCHAR(10))',
      `CREATE FUNCTION f() RETURNS INT SQL SECURITY INVOKER MODIFIES SQL DATA
         BEGIN INSERT INTO ${seen}.who VALUES (CURRENT_USER()); RETURN 1; END`,
      'CREATE SQL SECURITY INVOKER VIEW v AS SELECT f() AS x',
    ]),
  ).toEqual(['done', 'done', 'done']);
  // The kernel of it: whoever wants to read the table waits, and the swap stands in the queue before it.
  const holder = await openSession(evil);
  await tryIn(holder, 'LOCK TABLES t WRITE');
  const swap = tryIn(await openSession(evil), 'RENAME TABLE t TO old, v TO t');
  await waiting(evil.login.name);
  let over = false;
  const removal = accepted('DELETE', `/v1/databases/${evil.id}`)
    .then(ended)
    .finally(() => (over = true));
  await waiting('root', () => over);
  await tryIn(holder, 'UNLOCK TABLES');
  await Promise.all([swap, removal]);
  await refused(20, [
    { what: 'the function ran', act: () => rootSql(`SELECT who FROM ${seen}.who`), refusal: '' },
  ]);
  // Its own view, whose function may not do what it wants, keeps its own database until it is dropped.
  if ((await removal).status !== 'succeeded') {
    await tryAll(evil, ['DROP VIEW IF EXISTS t', 'DROP VIEW IF EXISTS v']);
    await remove(evil);
  }
  rootSql(`DROP DATABASE ${seen}`);
});

/** Until a statement of that user waits for a lock, or never will. */
async function waiting(user: string, isOver = () => false): Promise<void> {
  const query = `SELECT COUNT(*) FROM information_schema.processlist
    WHERE user = '${user}' AND state LIKE 'Waiting for table metadata lock%'`;
  while (!isOver() && rootSql(query) === '0\n') await pause(50);
}
