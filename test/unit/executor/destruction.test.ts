import type { DomainId } from '../../../contract/ids.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { purgeSite, restoreSite } from '../../../worker-privileged/executor/verbs/site-trash.ts';
import { createFakeServer, createFakeSystem, stateOf, type FakeServer } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

/* Destruction is slow: what root's own side holds back, whoever asks. */

const system = (server: FakeServer) => createFakeSystem(server).system;
const put = (server: FakeServer, site = spec()) => putSite(system(server))(site, recordedRun());
const remove = (server: FakeServer, id = ID) => removeSite(system(server))({ id }, recordedRun());
const purge = (server: FakeServer) => purgeSite(system(server))({ id: ID }, recordedRun());
const idOf = (number: number) => `t${String(number).padStart(11, '0')}` as DomainId;

function limited(limits: object): FakeServer {
  const server = createFakeServer();
  server.disk.set(paths.limits, { kind: 'file', text: JSON.stringify(limits), mode: 0o644 });
  return server;
}

async function withSites(server: FakeServer, count: number): Promise<readonly DomainId[]> {
  const ids = Array.from({ length: count }, (_, number) => idOf(number));
  for (const id of ids) await put(server, spec({ id, name: `${id}.example` }));
  return ids;
}

test('in an hour so many sites are removed as root allows, and no more; in the next it goes on', async () => {
  const server = limited({ destroyPerHour: 2 });
  const [first, second, third] = (await withSites(server, 3)) as [DomainId, DomainId, DomainId];
  await remove(server, first);
  await remove(server, second);
  const before = stateOf(server);
  expect(await failureOf(remove(server, third))).toBe('limit_reached');
  expect(stateOf(server)).toEqual(before);
  server.now = '2026-01-02T04:04:05.679Z';
  expect(await failureOf(remove(server, third))).toBe('none');
});

test('what was let break off hour after hour is not done all at once later', async () => {
  const server = limited({ destroyPerHour: 1 });
  const ids = (await withSites(server, 3)) as [DomainId, DomainId, DomainId];
  const change = (at: 0 | 1, more: object) =>
    failureOf(put(server, spec({ id: ids[at], name: `${ids[at]}.example`, generation: 2, ...more })));
  const breakOff = { publicDirectory: 'public/web', aliases: [`${ids[2]}.example`] };
  expect(await change(0, breakOff)).toBe('name_taken');
  server.now = '2026-01-02T04:04:05.679Z';
  expect(await change(1, breakOff)).toBe('name_taken');
  server.now = '2026-01-02T05:04:05.680Z';
  expect(await change(0, { enabled: false })).toBe('none');
  expect(await change(1, { enabled: false })).toBe('limit_reached');
});

test.each([
  ['switching off', { enabled: false }],
  ['another folder', { publicDirectory: 'public/web' }],
  ['another type', { type: 'static' }],
  ['an alias less', { aliases: [] }],
  ['keeping visitors off', { options: { allowedAddresses: ['192.0.2.1'] } }],
  ['what browsers remember', { options: { hsts: { maxAgeSeconds: 60 } } }],
])('%s counts as a removal does', async (_, change) => {
  const server = limited({ destroyPerHour: 0 });
  await put(server, spec({ aliases: ['www.shop.example'] }));
  const before = stateOf(server);
  const changed = spec({ aliases: ['www.shop.example'], generation: 2, ...change });
  expect(await failureOf(put(server, changed))).toBe('limit_reached');
  expect(stateOf(server)).toEqual(before);
});

test('to send visitors elsewhere counts as a removal does, and what is kept for later does not', async () => {
  const server = limited({ destroyPerHour: 0 });
  const to = (name: string) => ({ options: { redirect: { to: `https://${name}.example` } } });
  await put(server, spec({ type: 'redirect', ...to('one') }));
  const elsewhere = spec({ type: 'redirect', generation: 2, ...to('another') });
  expect(await failureOf(put(server, elsewhere))).toBe('limit_reached');
  const other = createFakeServer();
  other.disk.set(paths.limits, { kind: 'file', text: '{"destroyPerHour":0}', mode: 0o644 });
  await put(other, spec(to('one')));
  expect(await failureOf(put(other, spec({ generation: 2, ...to('another') })))).toBe('none');
});

test('what only adds is not counted', async () => {
  const server = limited({ destroyPerHour: 0 });
  await put(server);
  const more = spec({ aliases: ['www.shop.example'], phpVersion: '8.2', generation: 2 });
  expect(await failureOf(put(server, more))).toBe('none');
});

test('a record that cannot be read gives the hour no room', async () => {
  const server = createFakeServer();
  await put(server);
  server.disk.set(paths.destroyed, { kind: 'file', text: '[{', mode: 0o600 });
  expect(await failureOf(remove(server))).toBeInstanceOf(SyntaxError);
  expect(server.users.get(`s-${ID}`)?.locked).toBe(false);
});

test('what was removed is purged when its grace is over, by the clock of this side, and not before', async () => {
  const server = createFakeServer();
  await put(server);
  await remove(server);
  const before = stateOf(server);
  server.now = '2026-01-05T03:04:05.677Z';
  expect(await failureOf(purge(server))).toBe('not_due');
  expect(stateOf(server)).toEqual(before);
  server.now = '2026-01-05T03:04:05.678Z';
  expect(await failureOf(purge(server))).toBe('none');
  expect([...server.disk.keys()].filter((path) => path.startsWith('/home/www/.trash/'))).toEqual([]);
  expect(server.users.has(`s-${ID}`)).toBe(false);
});

test('what stands is not purged', async () => {
  const server = limited({ graceHours: 0 });
  await put(server);
  const before = stateOf(server);
  expect(await failureOf(purge(server))).toBe('invalid_request');
  expect(stateOf(server)).toEqual(before);
});

test('what is protected is not removed', async () => {
  const server = createFakeServer();
  await put(server, spec({ protected: true }));
  const before = stateOf(server);
  expect(await failureOf(remove(server))).toBe('protected');
  expect(stateOf(server)).toEqual(before);
});

test('what is protected is not switched off', async () => {
  const server = createFakeServer();
  await put(server, spec({ protected: true }));
  expect(await failureOf(put(server, spec({ enabled: false, protected: true, generation: 2 })))).toBe(
    'protected',
  );
});

test('a protection stays when it is not asked for any more', async () => {
  const server = createFakeServer();
  await put(server, spec({ protected: true }));
  await put(server, spec({ protected: false, generation: 2 }));
  expect(await failureOf(remove(server))).toBe('protected');
});

test('a site comes back from the trash with its account and its files', async () => {
  const server = createFakeServer();
  await put(server);
  const { users, ...stood } = stateOf(server) as { readonly users: object };
  await remove(server);
  await restoreSite(system(server))(spec({ generation: 2 }), recordedRun());
  const back = stateOf(server) as { readonly disk: object; readonly users: object };
  expect(back.users).toEqual(users);
  expect(Object.keys(back.disk)).toEqual(Object.keys((stood as typeof back).disk));
});
