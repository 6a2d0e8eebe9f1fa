import { lookAtSite, repairSite } from '../../../worker-privileged/executor/verbs/drift.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { createFakeServer, createFakeSystem, stateOf, type FakeServer } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

const CONF = `/etc/sculptor/sites/${ID}/fpm.conf`;
const HOST = '/etc/sculptor/hosts/www.shop.example';

async function whole(): Promise<FakeServer> {
  const server = createFakeServer();
  await putSite(createFakeSystem(server).system)(spec({ aliases: ['www.shop.example'] }), recordedRun());
  return server;
}

function look(server: FakeServer) {
  return lookAtSite(createFakeSystem(server).system)({ id: ID }, recordedRun());
}

async function repair(server: FakeServer) {
  return repairSite(createFakeSystem(server).system)({ id: ID }, recordedRun());
}

function text(server: FakeServer, path: string): string {
  const node = server.disk.get(path);
  return node?.kind === 'file' ? node.text : '';
}

const changes: readonly (readonly [what: string, by: (server: FakeServer) => void, words: RegExp])[] = [
  [
    'a line in a file',
    (server) =>
      void server.disk.set(CONF, { kind: 'file', text: `${text(server, CONF)}; by hand\n`, mode: 0o644 }),
    /^-; by hand$/m,
  ],
  [
    'the mode of a file',
    (server) => void server.disk.set(CONF, { kind: 'file', text: text(server, CONF), mode: 0o666 }),
    /its mode is/,
  ],
  ['a link that is gone', (server) => void server.disk.delete(HOST), /a link to .*a1b2c3d4e5f6 is not there/],
  [
    'a link that leads elsewhere',
    (server) =>
      void server.disk.set(`/etc/sculptor/sites/${ID}/home`, { kind: 'link', target: '/home/www/other' }),
    /it leads to \/home\/www\/other instead of \/home\/www\/shop.example/,
  ],
  [
    'the mode of a folder',
    (server) =>
      void server.disk.set('/home/www/shop.example/private', {
        ...{ kind: 'folder', uid: 66_000, gid: 66_000, mode: 0o777 },
      }),
    /private is 66000:66000 0777 instead of 66000:66000 0700/,
  ],
  ['a group', (server) => void server.inGroups.set(`s-${ID}`, new Set(['adm'])), /the account is in adm/],
  ['PHP that is off', (server) => void server.mastersOn.delete(ID), /it is off/],
  [
    'what it may take',
    (server) => void server.shares.set(ID, { memoryBytes: 1, tasks: null }),
    /it may take 1 bytes of memory/,
  ],
  [
    'a marker',
    (server) =>
      void server.disk.set(`/etc/sculptor/sites/${ID}/disabled`, { kind: 'file', text: '', mode: 0o644 }),
    /disabled/,
  ],
];

test('what is as it was asked for has not drifted', async () => {
  const server = await whole();
  const before = JSON.stringify(stateOf(server));
  expect(await look(server)).toMatchObject({ differences: [], probes: [{}, {}, {}] });
  expect(JSON.stringify(stateOf(server))).toBe(before);
});

test.each(changes)('%s is told, left alone, and as it was once it is repaired', async (_, by, words) => {
  const server = await whole();
  const before = JSON.stringify(stateOf(server));
  by(server);
  const changed = JSON.stringify(stateOf(server));
  const { differences } = await look(server);
  const told = differences
    .flatMap((one) => [one.words, ...one.files.flatMap((file) => [file.words, file.diff ?? ''])])
    .join('\n');
  expect(told).toMatch(words);
  expect(JSON.stringify(stateOf(server))).toBe(changed);
  const repaired = await repair(server);
  expect(repaired.differences).toEqual(differences);
  expect(JSON.stringify(stateOf(server))).toBe(before);
  expect((await look(server)).differences).toEqual([]);
});

test('an account that has another number is told beside all else, and nobody repairs it', async () => {
  const server = await whole();
  server.users.set(`s-${ID}`, { uid: 70_000, gid: 70_000, locked: false });
  server.disk.delete(HOST);
  const steps = (await look(server)).differences.map(({ step }) => step);
  expect(steps).toEqual(expect.arrayContaining(['make the account', 'hold the names']));
  await expect(repair(server)).rejects.toThrow('has another number');
});

test('a site that lies in the trash, or never was, has not drifted', async () => {
  const server = await whole();
  await removeSite(createFakeSystem(server).system)({ id: ID }, recordedRun());
  expect(await look(server)).toEqual({ differences: [], probes: [] });
  expect(await look(createFakeServer())).toEqual({ differences: [], probes: [] });
});

test('so often in an hour as root allows a site is repaired, and no more: what root shuts it in by then stays', async () => {
  const server = await whole();
  server.disk.set(paths.limits, { kind: 'file', text: '{"siteRepairsPerHour":2}', mode: 0o644 });
  const byHand = () => void server.disk.delete(HOST);
  for (let times = 0; times < 2; times += 1) {
    byHand();
    expect(await failureOf(repair(server))).toBe('none');
    // What is as it was asked for counts nothing.
    expect(await failureOf(repair(server))).toBe('none');
  }
  byHand();
  const before = stateOf(server);
  expect(await failureOf(repair(server))).toBe('limit_reached');
  expect(stateOf(server)).toEqual(before);
  server.now = '2026-01-02T04:04:05.679Z';
  expect(await failureOf(repair(server))).toBe('none');
});

test('of all sites so many are repaired in an hour as root allows', async () => {
  const server = await whole();
  server.disk.set(paths.limits, { kind: 'file', text: '{"repairsPerHour":0}', mode: 0o644 });
  server.disk.delete(HOST);
  expect(await failureOf(repair(server))).toBe('limit_reached');
});
