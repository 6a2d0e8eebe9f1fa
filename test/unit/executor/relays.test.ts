import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { socketOfSite } from '../../../contract/domains.ts';
import type { DomainId } from '../../../contract/ids.ts';
import { SiteOptions } from '../../../contract/site-options.ts';
import { renderSupervisedRelay } from '../../../worker-privileged/executor/render/supervised-relay.ts';
import { createUnitRelays } from '../../../worker-privileged/executor/system/relays.ts';
import { putSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { createFakeServer, createFakeSystem } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

const put = (server = createFakeServer(), change: Parameters<typeof spec>[0] = {}) =>
  putSite(createFakeSystem(server).system)(spec(change), recordedRun());
const has = ({ disk }: ReturnType<typeof createFakeServer>, marker: string) =>
  disk.has(`/etc/sculptor/sites/${ID}/${marker}`);

test('the relay runs as the site, and as nobody else', () => {
  const unit = readFileSync(join(__dirname, '../../../systemd/units/sculptor-relay@.service'), 'utf8');
  expect(unit).toMatch(/^User=s-%i$/m);
  expect(unit).not.toMatch(/^(?:Group|SupplementaryGroups|AmbientCapabilities|PermissionsStartOnly)=/m);
  expect(unit).toContain(socketOfSite('%i' as DomainId));
  expect(renderSupervisedRelay(ID)).toMatch(new RegExp(`^user=s-${ID}$`, 'm'));
});

test.each(['proxy', 'node'] as const)(
  'a %s site has a relay and its marker, no PHP, and no server block',
  async (type) => {
    const server = createFakeServer();
    await put(server, { type });
    expect([[...server.relaysOn], [...server.mastersOn], server.doings]).toEqual([[ID], [], []]);
    expect(server.disk.get(`/etc/sculptor/sites/${ID}/app`)).toMatchObject({
      target: `/run/sculptor-relay/${ID}.sock`,
    });
    expect([has(server, 'type-app'), has(server, 'type-php')]).toEqual([true, false]);
  },
);

test('a type that is changed takes the relay and PHP along, and back', async () => {
  const server = createFakeServer();
  await put(server);
  await put(server, { generation: 2, type: 'proxy' });
  expect([[...server.relaysOn], [...server.mastersOn]]).toEqual([[ID], []]);
  await put(server, { generation: 3, type: 'laravel' });
  expect([[...server.relaysOn], [...server.mastersOn]]).toEqual([[], [ID]]);
  expect([has(server, 'type-app'), has(server, 'type-php')]).toEqual([false, true]);
  await put(server, { generation: 4, type: 'node', enabled: false });
  expect(server.relaysOn.size).toBe(0);
});

const to = (address: string) => SiteOptions.parse({ redirect: { to: address } });

test.each([
  ['a program for the shared user', { type: 'proxy', isolation: 'pool' }],
  ['a redirect without an address', { type: 'redirect' }],
  ['a redirect to itself', { type: 'redirect', options: to('https://shop.example/x') }],
] as const)('a site that cannot be of its type is refused by the executor too: %s', async (_, change) => {
  expect(await failureOf(put(createFakeServer(), change))).toBe('invalid_request');
});

test('a node site waits for a Node.js on the server', async () => {
  const server = createFakeServer();
  server.node = false;
  expect(await failureOf(put(server, { type: 'node' }))).toBe('not_ready');
});

test('a socket unit that is wanted and active is on; one that is neither is off, and is asked for in one call', async () => {
  const calls: string[] = [];
  let states = 'active\n\ninactive\n';
  const links = new Map<string, string>();
  const relays = createUnitRelays({
    commands: {
      run: ({ args }) => {
        calls.push(args.slice(1).join(' '));
        return Promise.resolve(args.includes('show') ? states : '');
      },
    },
    files: {
      readLink: (path) => Promise.resolve(links.get(path) ?? null),
      link: (path, target) => {
        links.set(path, target);
        return Promise.resolve(() => Promise.resolve(void links.delete(path)));
      },
      remove: (path) => {
        links.delete(path);
        return Promise.resolve(() => Promise.resolve());
      },
    },
  });
  const id = ID;
  expect(await relays.lookOn(id)).toBe('the socket is not wanted at boot');
  await relays.turnOn(id);
  expect(calls.at(-1)).toBe(`start -- sculptor-relay@${id}.socket`);
  expect([await relays.lookOn(id), await relays.lookOff(id)]).toEqual([null, 'the socket is wanted at boot']);
  await relays.turnOff(id);
  states = 'inactive\n\ninactive\n';
  calls.length = 0;
  expect([await relays.lookOff(id), calls.length]).toEqual([null, 1]);
});
