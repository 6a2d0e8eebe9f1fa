import { accepted, DATABASE, DATABASE_USER, event, EVENTS, operation } from './samples.ts';
import { sculptorctl } from './sculptorctl.ts';

const USERS = 'GET /v1/databases/shop/users?limit=200';
const answers = {
  'POST /v1/databases': [accepted({ database: DATABASE })],
  'GET /v1/databases/shop': [{ status: 200, body: DATABASE }],
  'GET /v1/databases?limit=200': [{ status: 200, body: { items: [DATABASE], next: null } }],
  'DELETE /v1/databases/shop': [accepted()],
  'PATCH /v1/databases/shop': [accepted({ database: { ...DATABASE, protected: true } })],
  'POST /v1/databases/babcdefghij1/restore': [accepted({ database: DATABASE })],
  'GET /v1/databases/babcdefghij1': [{ status: 200, body: DATABASE }],
  'POST /v1/databases/shop/users': [accepted({ databaseUser: DATABASE_USER, password: 'Secret-Once' })],
  [USERS]: [{ status: 200, body: { items: [DATABASE_USER], next: null } }],
  'POST /v1/databases/shop/users/uabcdefghij1/rotate-password': [
    accepted({ databaseUser: DATABASE_USER, password: 'Secret-Two' }),
  ],
  'DELETE /v1/databases/shop/users/uabcdefghij1': [accepted()],
  [EVENTS]: [{ events: [event(operation())] }],
};

test('creates a database by its name', async () => {
  const { code, asked } = await sculptorctl(['database', 'create', 'shop'], answers);
  expect(asked[0]?.body).toEqual({ name: 'shop' });
  expect(code).toBe(0);
});

test('lists and shows databases', async () => {
  const { out } = await sculptorctl(['database', 'list'], answers);
  expect(out).toMatch(/^NAME {2}ID {12}STATUS {2}CREATED\nshop {2}babcdefghij1 {2}live {4}2026-/);
  const shown = await sculptorctl(['database', 'show', 'shop'], answers);
  expect(shown.out).toMatch(
    /charset {5}utf8mb4\ncollation {3}utf8mb4_unicode_ci\nsize {8}1\.5 MB of data, 500 B of indexes, measured 2026-01-02T03:04:05\.678Z\nprotected {3}no\nstatus {6}live\n/,
  );
});

test('creates a protected database, and protects one that is there', async () => {
  const created = await sculptorctl(['database', 'create', 'shop', '--protect'], answers);
  expect(created.asked[0]?.body).toEqual({ name: 'shop', protected: true });
  const updated = await sculptorctl(['database', 'update', 'shop', '--protect'], answers);
  expect(updated.asked[0]).toMatchObject({ method: 'PATCH', body: { protected: true } });
  expect([created.code, updated.code]).toEqual([0, 0]);
});

test('asks for nothing where nothing of a database is to be changed', async () => {
  const { code, asked } = await sculptorctl(['database', 'update', 'shop'], answers);
  expect([code, asked]).toEqual([2, []]);
});

test('restores a database by its id', async () => {
  const { code, asked } = await sculptorctl(['database', 'restore', 'babcdefghij1'], answers);
  expect(asked[0]).toMatchObject({ method: 'POST', path: '/v1/databases/babcdefghij1/restore' });
  expect(code).toBe(0);
});

test('deletes a database', async () => {
  expect((await sculptorctl(['database', 'delete', 'shop'], answers)).code).toBe(0);
});

test('the password of a new user is printed once, on standard output, and said not to come again', async () => {
  const { out, err, asked } = await sculptorctl(['database', 'user', 'create', 'shop', 'shop_user'], answers);
  expect(out.match(/Secret-Once/g)).toHaveLength(1);
  expect(out).toContain('This password is not shown again');
  expect(err).toBe('');
  expect(asked[0]?.body).toEqual({ name: 'shop_user', privileges: 'all' });
});

test('the password is printed before anything is waited for', async () => {
  const { out, code } = await sculptorctl(['database', 'user', 'create', 'shop', 'shop_user'], {
    ...answers,
    [EVENTS]: ['hang up'],
  });
  expect(out).toContain('Secret-Once');
  expect(code).toBe(1);
});

test('with --json the password is in the one document, also when the end could not be seen', async () => {
  const words = ['--json', 'database', 'user', 'create', 'shop', 'shop_user'];
  const good = await sculptorctl(words, answers);
  expect(JSON.parse(good.out)).toMatchObject({ password: 'Secret-Once', operation: { status: 'succeeded' } });
  const lost = await sculptorctl(words, { ...answers, [EVENTS]: ['hang up'] });
  expect(JSON.parse(lost.out)).toMatchObject({ password: 'Secret-Once', operation: { status: 'queued' } });
  expect(lost.code).toBe(1);
});

test('a user who may only read is asked for', async () => {
  const words = ['database', 'user', 'create', 'shop', 'shop_user', '--privileges', 'read'];
  expect((await sculptorctl(words, answers)).asked[0]?.body).toEqual({
    name: 'shop_user',
    privileges: 'read',
  });
});

test('an answer that came back without the password tells how to get a new one', async () => {
  const { out } = await sculptorctl(['database', 'user', 'create', 'shop', 'shop_user'], {
    ...answers,
    'POST /v1/databases/shop/users': ['hang up', accepted({ databaseUser: DATABASE_USER, password: null })],
  });
  expect(out).toContain('sculptorctl database user rotate-password shop shop_user');
});

test.each(['shop_user', 'uabcdefghij1'])('rotates the password of the user %s', async (user) => {
  const { out, code } = await sculptorctl(['database', 'user', 'rotate-password', 'shop', user], answers);
  expect(out).toContain('password Secret-Two\n');
  expect(code).toBe(0);
});

test('deletes a user by name', async () => {
  const { code, asked } = await sculptorctl(['database', 'user', 'delete', 'shop', 'shop_user'], answers);
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toContain(
    'DELETE /v1/databases/shop/users/uabcdefghij1',
  );
  expect(code).toBe(0);
});

test('lists the users of a database', async () => {
  const { out } = await sculptorctl(['database', 'user', 'list', 'shop'], answers);
  expect(out.split('\n')[1]).toBe('shop_user  uabcdefghij1  all         default      live');
});
