import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { protectDatabase, removeDatabase } from '../../../worker-privileged/executor/verbs/database.ts';
import { adminTerminal, createFakeRecords } from '../../fakes/admin-terminal.ts';
import { createFakeSystem, stateOf, type FakeServer } from '../../fakes/executor-system.ts';
import { fakeDatabase, ID, OTHER_ID, serverWithDatabase } from './databases.ts';
import { recordedRun } from './sites.ts';

/* What root may do with databases beside the API. */

function world() {
  const server = serverWithDatabase();
  const records = createFakeRecords();
  const type = (...words: readonly string[]) => adminTerminal(server, records, words);
  return { server, records, type };
}

const remove = (server: FakeServer, id = ID) =>
  removeDatabase(createFakeSystem(server).system)({ id }, recordedRun());
const protect = (server: FakeServer) =>
  protectDatabase(createFakeSystem(server).system)({ id: ID }, recordedRun());

test('a removed database is purged before its time, and the state is told', async () => {
  const { server, records, type } = world();
  await remove(server);
  const { code, out } = await type('purge', 'database', 'shop');
  expect([code, out]).toEqual([0, `erased the dump\nshop (${ID}) is purged\n`]);
  expect([...server.disk.keys()].filter((path) => path.startsWith(`${paths.dumps}/`))).toEqual([]);
  expect(records.told).toEqual([`purged ${ID}`]);
  expect((await type('purge', 'database', ID, '--yes')).out).toContain('nothing was left to erase');
});

test('one that stands is not purged, and while the state cannot be told none is', async () => {
  const { server, records, type } = world();
  const before = stateOf(server);
  expect((await type('purge', 'database', 'shop')).err).toContain('not_found');
  expect([stateOf(server), records.told]).toEqual([before, []]);
  await remove(server);
  const trashed = stateOf(server);
  records.away = true;
  expect((await type('purge', 'database', 'shop')).code).toBe(1);
  expect(stateOf(server)).toEqual(trashed);
});

test('of several of a name in the trash none is guessed', async () => {
  const { server, records, type } = world();
  await remove(server);
  server.databases.set(OTHER_ID, fakeDatabase({ accounts: [] }));
  await remove(server, OTHER_ID);
  const { code, err } = await type('purge', 'database', 'shop');
  expect([code, records.told]).toEqual([1, []]);
  expect(err).toContain(ID);
  expect(err).toContain(OTHER_ID);
});

test('a protected database can be removed once root has ended that', async () => {
  const { server, records, type } = world();
  await protect(server);
  await expect(remove(server)).rejects.toThrow('protected');
  const { code, out } = await type('unprotect', 'database', 'shop');
  expect([code, out]).toEqual([0, `shop (${ID}) is not protected any more\n`]);
  expect(records.told).toEqual([`unprotected ${ID}`]);
  await remove(server);
});

test.each([
  ['purge', 'an id without --yes', ['database', ID]],
  ['purge', 'a name that is none', ['database', 'Shop']],
  ['purge', 'two of them', ['database', 'shop', 'other']],
  ['unprotect', 'a path', ['database', '/var/lib/mysql/shop']],
  ['unprotect', 'SQL', ['database', "shop' OR '1'='1"]],
  ['unprotect', 'none', ['database']],
])('%s is used wrongly with %s, and nothing is done', async (command, _, words) => {
  const { server, records, type } = world();
  await remove(server);
  const before = stateOf(server);
  const { code, events } = await type(command, ...words);
  expect([code, events, records.told, stateOf(server)]).toEqual([2, [], [], before]);
});

test('a shell opens in a database that stands, by its name or its id, and in no other', async () => {
  const { server, type } = world();
  expect((await type('database', 'shell', 'shop')).code).toBe(0);
  expect((await type('database', 'shell', ID)).code).toBe(0);
  expect(server.doings).toEqual(['shell in shop', 'shell in shop']);
  await remove(server);
  const { code, err } = await type('database', 'shell', 'shop');
  expect([code, err]).toEqual([1, expect.stringContaining('not_found')]);
  for (const words of [[], ['shop', 'more'], ['../shop'], ['--json;'], ['mysql.user']])
    expect((await type('database', 'shell', ...words)).code).toBe(2);
  expect((await type('database', 'drop', 'shop')).code).toBe(2);
});
