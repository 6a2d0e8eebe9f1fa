import type { TokenId } from '../../../contract/ids.ts';
import { sqlInteger, sqlText } from '../../../worker-privileged/executor/render/sql.ts';
import { createAdministrators } from '../../../worker-privileged/executor/system/administrators.ts';
import { createAgentState } from '../../../worker-privileged/executor/system/agent-state.ts';
import { CommandError, type Command } from '../../../worker-privileged/executor/system/command.ts';
import { createRootSql } from '../../../worker-privileged/executor/system/root-sql.ts';
import { failureOf, ID } from './sites.ts';

test.each([
  ['shop', "_utf8mb4 X'73686f70'"],
  ['', "_utf8mb4 X''"],
  ["a'; DROP TABLE token; -- ", "_utf8mb4 X'61273b2044524f50205441424c4520746f6b656e3b202d2d20'"],
  ['\\!\n\0', "_utf8mb4 X'5c210a00'"],
  ['ü', "_utf8mb4 X'c3bc'"],
])('%j becomes a value of which nothing gets out', (text, wanted) => expect(sqlText(text)).toBe(wanted));

test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])('%d is no whole number', (value) =>
  expect(() => sqlInteger(value)).toThrow('whole number'),
);

function fakeSql(answer = '') {
  const statements: string[] = [];
  const sql = (text: string) => {
    statements.push(text);
    return Promise.resolve(answer);
  };
  return { statements, sql };
}

test('statements go in on standard input, as root over the socket, and no option file is read', async () => {
  const started: Command[] = [];
  const run = (command: Command) => {
    started.push(command);
    return Promise.resolve('7\n');
  };
  const sql = createRootSql({ commands: { run }, socketPath: '/run/mysqld/mysqld.sock' });
  expect(await sql('SELECT 7;')).toBe('7\n');
  expect(started).toMatchObject([{ file: '/usr/bin/mariadb', stdin: 'SELECT 7;\n' }]);
  expect(started[0]?.args[0]).toBe('--no-defaults');
  expect(started[0]?.args.join()).not.toContain('SELECT');
});

test('a client that ends badly is told as MariaDB being away, what it said goes to the log', async () => {
  const run = () => Promise.reject(new CommandError('/usr/bin/mariadb', 1, 'ERROR 2002'));
  const asking = createRootSql({ commands: { run }, socketPath: '/x' })('SELECT 1;');
  expect(await failureOf(asking)).toBe('database_unavailable');
});

test('what is told to the state is told whole or not at all', async () => {
  const { statements, sql } = fakeSql();
  const state = createAgentState(sql);
  await state.sitePurged(ID);
  await state.unprotected(ID);
  await state.graceSet(0.5);
  for (const text of statements) expect(text).toMatch(/^START TRANSACTION;\n[^]*;\nCOMMIT;$/);
  expect(statements[0]).toContain(`WHERE resource_id = ${sqlText(ID)}`);
  expect(statements[0]).toContain(`DELETE FROM sculptor.domain_name WHERE domain_id = ${sqlText(ID)};`);
  expect(statements[1]).toContain(`DELETE FROM sculptor.protection WHERE resource_id = ${sqlText(ID)};`);
  expect(statements[2]).toContain('trashed_at + INTERVAL 1800 SECOND');
});

test('of a new token the digest is written, and the text is in no statement', async () => {
  const { statements, sql } = fakeSql();
  const { id, text } = await createAdministrators(sql).create('panel');
  expect(id).toMatch(/^[a-z][a-z0-9]{11}$/);
  expect(text).toMatch(/^sculptor_[A-Za-z0-9_-]{43}$/);
  expect(statements).toHaveLength(1);
  expect(statements[0]).toContain(sqlText(id));
  expect(statements[0]).not.toContain(text);
  expect(statements[0]).not.toContain(Buffer.from(text).toString('hex'));
});

test('only an administrator of the list is revoked', async () => {
  const row = {
    id: 'tabcdefghij1',
    name: 'panel',
    createdAt: '2026-01-01T00:00:00Z',
    lastUsedAt: null,
    revoked: 0,
  };
  const { statements, sql } = fakeSql(`${JSON.stringify(row)}\n`);
  const administrators = createAdministrators(sql);
  expect(await failureOf(administrators.revoke('tzzzzzzzzzz9' as TokenId))).toBe('not_found');
  expect(statements.filter((text) => text.includes('INSERT'))).toEqual([]);
  expect(await administrators.revoke('tabcdefghij1' as TokenId)).toMatchObject({
    name: 'panel',
    revoked: false,
  });
  expect(statements.at(-1)).toContain(sqlText('tabcdefghij1'));
});
