import type { Account } from '../../../contract/grants.ts';
import { compareGrants } from '../../../contract/grants.ts';

const HASH = `*${'0123456789ABCDEF'.repeat(3).slice(0, 40)}`;
const account = {
  ...{ name: 'shop_user', database: 'shop_one', privileges: 'read', passwordHash: HASH },
} as Account;
const global = `GRANT USAGE ON *.* TO \`shop_user\`@\`localhost\` IDENTIFIED BY PASSWORD '${HASH}' WITH MAX_USER_CONNECTIONS 30`;
const own = 'GRANT SELECT, SHOW VIEW ON `shop\\_one`.* TO `shop_user`@`localhost`';
const ALL =
  'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER';

test('an account as it should be is right', () => {
  expect(compareGrants(account, [global, own])).toEqual({ rights: true, password: true });
  const all = `GRANT ${ALL} ON \`shop\\_one\`.* TO \`shop_user\`@\`localhost\``;
  expect(compareGrants({ ...account, privileges: 'all' }, [global, all])).toEqual({
    rights: true,
    password: true,
  });
});

test('another password is told apart from other rights', () => {
  const other = global.replace('*0', '*F');
  expect(compareGrants(account, [other, own])).toEqual({ rights: true, password: false });
  const none = 'GRANT USAGE ON *.* TO `shop_user`@`localhost` WITH MAX_USER_CONNECTIONS 30';
  expect(compareGrants(account, [none, own])).toEqual({ rights: true, password: false });
});

test.each([
  ['no account', []],
  ['no right', [global]],
  ['as many connections as it likes', [global.replace(/ WITH.*/, ''), own]],
  ['another limit beside', [`${global} MAX_QUERIES_PER_HOUR 1`, own]],
  ['a right on everything', [global.replace('USAGE', 'SELECT'), own]],
  ['all rights on everything', [global.replace('USAGE', 'ALL PRIVILEGES'), own]],
  ['the right to hand on its rights', [global, `${own} WITH GRANT OPTION`]],
  ['the right to hand on what it has everywhere', [global.replace('WITH', 'WITH GRANT OPTION'), own]],
  ['an _ that stands for any letter', [global, own.replace('\\_', '_')]],
  ['a right more', [global, own.replace('SELECT,', 'SELECT, INSERT,')]],
  ['a right less', [global, own.replace(', SHOW VIEW', '')]],
  ['every right on its database', [global, own.replace('SELECT, SHOW VIEW', 'ALL PRIVILEGES')]],
  ['another database', [global, own.replace('shop\\_one', 'other')]],
  ['another database more', [global, own, own.replace('shop\\_one', 'other')]],
  ['a table of another database', [global, own, 'GRANT SELECT ON `mysql`.`user` TO `shop_user`@`localhost`']],
  ['a role', [global, own, 'GRANT `admin` TO `shop_user`@`localhost`']],
  ['the account of another host', [global.replace('localhost', '%'), own.replace('localhost', '%')]],
  [
    'the account of another name',
    [global.replaceAll('shop_user', 'shop_userx'), own.replaceAll('shop_user', 'shop_userx')],
  ],
  [
    'another way to log in',
    [
      'GRANT USAGE ON *.* TO `shop_user`@`localhost` IDENTIFIED VIA unix_socket WITH MAX_USER_CONNECTIONS 30',
      own,
    ],
  ],
  ['a second way to log in', [global.replace(' WITH', ' OR unix_socket WITH'), own]],
])('rights are not right with %s', (_what, lines) => {
  expect(compareGrants(account, lines).rights).toBe(false);
});
