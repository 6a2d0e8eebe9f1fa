import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { createFakeServer, createFakeSystem, stateOf, type FakeServer } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

const system = (server: FakeServer) => createFakeSystem(server).system;
const put = (server: FakeServer, site = spec()) => putSite(system(server))(site, recordedRun());
const remove = (server: FakeServer) => removeSite(system(server))({ id: ID }, recordedRun());

test('a removed site is closed, its files are in the trash, its account is locked and kept', async () => {
  const server = createFakeServer();
  await put(server, spec({ aliases: ['www.shop.example'], publicDirectory: 'public/web' }));
  const { probes } = await remove(server);
  expect(probes).toEqual(
    ['shop.example', 'www.shop.example'].map((host) => ({ host, path: '/', expect: 'closed' })),
  );
  expect(server.users.get(`s-${ID}`)).toEqual({ uid: 66_000, gid: 66_000, locked: true });
  expect(server.mastersOn.size).toBe(0);
  const left = [...server.disk.keys()].filter((path) => /shop\.example|a1b2c3d4e5f6/.test(path));
  const trash = '/home/www/.trash/a1b2c3d4e5f6-20260102-030405678';
  expect(left.sort()).toEqual([
    trash,
    `${trash}/private`,
    `${trash}/public`,
    `${trash}/public/web`,
    `${trash}/tmp`,
    paths.registered(ID),
  ]);
});

/** As an attempt leaves it that died before it had noted how the site stands. */
const neverWhole = async () => {
  const server = createFakeServer();
  await put(server);
  edit(server, (entry) => ({ ...entry, settings: null }));
  return server;
};

function edit(server: FakeServer, change: (entry: Record<string, unknown>) => object): void {
  const node = server.disk.get(paths.registered(ID));
  if (node?.kind !== 'file') throw new Error('there is no entry');
  const text = JSON.stringify(change(JSON.parse(node.text) as Record<string, unknown>));
  server.disk.set(paths.registered(ID), { ...node, text });
}

test('of a site that never stood, and in which nothing lies, nothing is kept', async () => {
  const server = await neverWhole();
  expect(await remove(server)).toMatchObject({ purgeAfter: null });
  server.disk.delete(paths.nextUid);
  expect(stateOf(server)).toEqual(stateOf(createFakeServer()));
});

test.each([
  ['a file', 'public/index.html'],
  ['a file in a folder of a folder', 'tmp/a/b'],
  ['a file beside its folders', 'notes'],
])('%s in a site that never stood is kept in the trash', async (_, name) => {
  const server = await neverWhole();
  server.disk.set(`${paths.home(spec().name)}/${name}`, { kind: 'file', text: 'mine', mode: 0o644 });
  expect(await remove(server)).toMatchObject({ purgeAfter: '2026-01-05T03:04:05.678Z' });
  expect(server.disk.get(`/home/www/.trash/${ID}-20260102-030405678/${name}`)).toMatchObject({
    text: 'mine',
  });
  expect(server.users.get(`s-${ID}`)?.locked).toBe(true);
});

test('what came into a site that never stood after it was looked at stays', async () => {
  const server = await neverWhole();
  const path = `${paths.home(spec().name)}/tmp/late`;
  const { system: its } = createFakeSystem(server);
  const runAs: (typeof its.accounts)['runAs'] = async (account, command) => {
    if (command.args.includes('-delete')) server.disk.set(path, { kind: 'file', text: 'mine', mode: 0o644 });
    return command.args.includes('-delete') ? '' : its.accounts.runAs(account, command);
  };
  const late = { ...its, accounts: { ...its.accounts, runAs } };
  await expect(removeSite(late)({ id: ID }, recordedRun())).rejects.toThrow('is not empty');
  expect(await remove(server)).toMatchObject({ purgeAfter: '2026-01-05T03:04:05.678Z' });
  expect(server.disk.has(`/home/www/.trash/${ID}-20260102-030405678/tmp/late`)).toBe(true);
});

test('what lies in the trash stays there, though nobody has noted how it stood', async () => {
  const server = createFakeServer();
  await put(server);
  await remove(server);
  edit(server, (entry) => ({ ...entry, settings: null }));
  const before = stateOf(server);
  expect(await remove(server)).toMatchObject({ purgeAfter: '2026-01-05T03:04:05.678Z' });
  expect(stateOf(server)).toEqual(before);
});

test('a site that never stood, and to which something belongs, goes into the trash with it', async () => {
  const server = await neverWhole();
  server.disk.set(paths.registeredParts(ID), { kind: 'folder', uid: 0, gid: 0, mode: 0o700 });
  expect(await remove(server)).toMatchObject({ purgeAfter: '2026-01-05T03:04:05.678Z' });
  expect(server.disk.has(paths.registeredParts(ID as never))).toBe(true);
});

test('what was never here is gone already', async () => {
  const server = createFakeServer();
  expect(await remove(server)).toEqual({ probes: [], purgeAfter: null });
  expect(stateOf(server)).toEqual(stateOf(createFakeServer()));
});

test('a site is removed once, and what has its name later is left alone', async () => {
  const server = createFakeServer();
  await put(server);
  await remove(server);
  await put(server, spec({ id: 'z9y8x7w6v5u4' }));
  const before = stateOf(server);
  expect(await remove(server)).toEqual({ probes: [], purgeAfter: '2026-01-05T03:04:05.678Z' });
  expect(stateOf(server)).toEqual(before);
});

test('a removed id is never a site again', async () => {
  const server = createFakeServer();
  await put(server);
  await remove(server);
  const before = stateOf(server);
  expect(await failureOf(put(server, spec({ generation: 2 })))).toBe('not_found');
  expect(stateOf(server)).toEqual(before);
});

test('a number is not given a second time', async () => {
  const server = createFakeServer();
  await put(server);
  await remove(server);
  server.users.delete(`s-${ID}`);
  await put(server, spec({ id: 'z9y8x7w6v5u4' }));
  expect(server.users.get('s-z9y8x7w6v5u4')?.uid).toBe(66_001);
});

test('a number is not given a second time when the note of the next one is lost', async () => {
  const server = createFakeServer();
  await put(server);
  await remove(server);
  server.users.delete(`s-${ID}`);
  server.disk.delete(paths.nextUid);
  await put(server, spec({ id: 'z9y8x7w6v5u4' }));
  expect(server.users.get('s-z9y8x7w6v5u4')?.uid).toBe(66_001);
});

test('a site of the pool leaves the account and the processes of the others alone', async () => {
  const server = createFakeServer();
  await put(server, spec({ isolation: 'pool' }));
  await remove(server);
  expect(server.users.get('www')?.locked).toBe(false);
  expect(server.doings.filter((doing) => doing.startsWith('kill'))).toEqual([]);
});
