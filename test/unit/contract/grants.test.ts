import type { Account } from '../../../contract/grants.ts';
import { compareGrants } from '../../../contract/grants.ts';

const HASH = `*${'0123456789ABCDEF'.repeat(3).slice(0, 40)}`;
const account = {
  ...{ name: 'shop_user', database: 'shop_one', privileges: 'read', passwordHash: HASH },
  maxConnections: null,
} as Account;
const login = `IDENTIFIED BY PASSWORD '${HASH}' WITH MAX_USER_CONNECTIONS 30`;
const created = `CREATE USER \`shop_user\`@\`localhost\` ${login}`;
const global = `GRANT USAGE ON *.* TO \`shop_user\`@\`localhost\` IDENTIFIED BY PASSWORD '${HASH}' WITH MAX_USER_CONNECTIONS 30`;
const own = 'GRANT SELECT, SHOW VIEW ON `shop\\_one`.* TO `shop_user`@`localhost`';
const ALL =
  'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER';

test('an account as it should be is right', () => {
  expect(compareGrants(account, ['30', created, global, own])).toEqual({
    rights: true,
    password: true,
    locked: false,
  });
  const all = `GRANT ${ALL} ON \`shop\\_one\`.* TO \`shop_user\`@\`localhost\``;
  expect(compareGrants({ ...account, privileges: 'all' }, ['30', created, global, all])).toEqual({
    rights: true,
    password: true,
    locked: false,
  });
});

test('another password is told apart from other rights', () => {
  const other = global.replace('*0', '*F');
  expect(compareGrants(account, ['30', created.replace('*0', '*F'), other, own])).toEqual({
    rights: true,
    password: false,
    locked: false,
  });
  const none = 'GRANT USAGE ON *.* TO `shop_user`@`localhost` WITH MAX_USER_CONNECTIONS 30';
  expect(
    compareGrants(account, ['30', created.replace(/ IDENTIFIED BY PASSWORD '.*'/, ''), none, own]),
  ).toEqual({ rights: true, password: false, locked: false });
});

test('one that is locked is told apart, and is as right as it was', () => {
  expect(compareGrants(account, ['30', `${created} ACCOUNT LOCK`, global, own])).toEqual({
    rights: true,
    password: true,
    locked: true,
  });
});

test.each([
  ['as many as any account may have', { maxConnections: null, said: '30', right: 30 }],
  ['as many as it asked for', { maxConnections: 5, said: '5 5', right: 5 }],
  ['no more than any account may have', { maxConnections: 50, said: '30 50', right: 30 }],
])('it has %s connections', (_what, { maxConnections, said, right }) => {
  const lines = (most: number) => [
    said,
    ...[created, global].map((line) => line.replace(/ 30$/, ` ${most}`)),
    own,
  ];
  for (const most of [right - 1, right, right + 1])
    expect(compareGrants({ ...account, maxConnections }, lines(most)).rights).toBe(most === right);
});

test.each([
  [null, '30 30'],
  [30, '30'],
  [30, '30 31'],
  [3, '2 2'],
])('one that asks for %j connections is not as it should be where %j is noted', (maxConnections, said) => {
  const [most = ''] = said.split(' ');
  const lines = [created, global].map((line) => line.replace(/ 30$/, ` ${most}`));
  expect(compareGrants({ ...account, maxConnections }, [said, ...lines, own]).rights).toBe(false);
});

test.each([
  ['no account', []],
  ['a password that has to be changed', ['30', `${created} PASSWORD EXPIRE`, global, own]],
  ['a way to log in that the grants do not show', ['30', `${created} REQUIRE SSL`, global, own]],
  ['no limit at all', ['0', created, global, own]],
  ['no right', ['30', created, global]],
  ['as many connections as it likes', ['30', created, global.replace(/ WITH.*/, ''), own]],
  ['another limit beside', ['30', created, `${global} MAX_QUERIES_PER_HOUR 1`, own]],
  ['a right on everything', ['30', created, global.replace('USAGE', 'SELECT'), own]],
  ['all rights on everything', ['30', created, global.replace('USAGE', 'ALL PRIVILEGES'), own]],
  ['the right to hand on its rights', [global, `${own} WITH GRANT OPTION`]],
  [
    'the right to hand on what it has everywhere',
    ['30', created, global.replace('WITH', 'WITH GRANT OPTION'), own],
  ],
  ['an _ that stands for any letter', ['30', created, global, own.replace('\\_', '_')]],
  ['a right more', ['30', created, global, own.replace('SELECT,', 'SELECT, INSERT,')]],
  ['a right less', ['30', created, global, own.replace(', SHOW VIEW', '')]],
  [
    'every right on its database',
    ['30', created, global, own.replace('SELECT, SHOW VIEW', 'ALL PRIVILEGES')],
  ],
  ['another database', ['30', created, global, own.replace('shop\\_one', 'other')]],
  ['another database more', ['30', created, global, own, own.replace('shop\\_one', 'other')]],
  [
    'a table of another database',
    ['30', created, global, own, 'GRANT SELECT ON `mysql`.`user` TO `shop_user`@`localhost`'],
  ],
  ['a role', ['30', created, global, own, 'GRANT `admin` TO `shop_user`@`localhost`']],
  [
    'the account of another host',
    ['30', created, global.replace('localhost', '%'), own.replace('localhost', '%')],
  ],
  [
    'the account of another name',
    ['30', created, global.replaceAll('shop_user', 'shop_userx'), own.replaceAll('shop_user', 'shop_userx')],
  ],
  [
    'another way to log in',
    [
      ...['30', created],
      'GRANT USAGE ON *.* TO `shop_user`@`localhost` IDENTIFIED VIA unix_socket WITH MAX_USER_CONNECTIONS 30',
      own,
    ],
  ],
  ['a second way to log in', ['30', created, global.replace(' WITH', ' OR unix_socket WITH'), own]],
])('rights are not right with %s', (_what, lines) => {
  expect(compareGrants(account, lines).rights).toBe(false);
});
