import { compareGrants } from '../../../contract/grants.ts';
import type { Account } from '../../../contract/grants.ts';

/* As MySQL 9.7 prints it, and the manual of 8.4. */

const HASH = `$A$005$${'a./Z'.repeat(5)}${'0123456789'.repeat(4)}abc`;
const account = {
  ...{ name: 'shop_user', database: 'shop_one', privileges: 'read', passwordHash: HASH },
  maxConnections: null,
} as Account;
const user = '`shop_user`@`localhost`';
const created = `CREATE USER ${user} IDENTIFIED WITH 'caching_sha2_password' AS '${HASH}' REQUIRE NONE WITH MAX_USER_CONNECTIONS 30 PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE CURRENT DEFAULT`;
const global = `GRANT USAGE ON *.* TO ${user}`;
const own = `GRANT SELECT, SHOW VIEW ON \`shop\\_one\`.* TO ${user}`;
const right = { rights: true, password: true, locked: false };

test('an account as it should be is right, and one that is locked too', () => {
  expect(compareGrants(account, ['30', created, global, own])).toEqual(right);
  const locked = created.replace('ACCOUNT UNLOCK', 'ACCOUNT LOCK');
  expect(compareGrants(account, ['30', locked, global, own])).toEqual({ ...right, locked: true });
  const all = own.replace('SELECT, SHOW VIEW', 'ALL PRIVILEGES');
  expect(compareGrants({ ...account, privileges: 'all' }, ['30', created, global, all])).toEqual(right);
});

test('another password is told apart from other rights', () => {
  const other = created.replace('$A$005$a', '$A$005$b');
  expect(compareGrants(account, ['30', other, global, own])).toEqual({ ...right, password: false });
});

test.each([
  ['no account', []],
  ['no right', ['30', created, global]],
  [
    'every right where it should read',
    ['30', created, global, own.replace('SELECT, SHOW VIEW', 'ALL PRIVILEGES')],
  ],
  ['an _ that stands for any letter', ['30', created, global, own.replace('\\_', '_')]],
  ['the right to hand on its rights', ['30', created, global, `${own} WITH GRANT OPTION`]],
  ['a right on everything', ['30', created, global.replace('USAGE', 'SELECT'), own]],
  ['a role', ['30', created, global, own, `GRANT \`admin\`@\`%\` TO ${user}`]],
  ['a dynamic privilege', ['30', created, global, `GRANT BACKUP_ADMIN ON *.* TO ${user}`, own]],
  [
    'as many connections as it likes',
    ['30', created.replace(' WITH MAX_USER_CONNECTIONS 30', ''), global, own],
  ],
  ['another plugin', ['30', created.replace('caching_sha2_password', 'auth_socket'), global, own]],
  ['a second factor that the first does not show', ['30', `${created} AND IDENTIFIED WITH 'x'`, global, own]],
])('rights are not right with %s', (_what, lines) => {
  expect(compareGrants(account, lines).rights).toBe(false);
});
