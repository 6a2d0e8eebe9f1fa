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
