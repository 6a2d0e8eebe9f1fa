import type { DomainId, TenantId } from '../../../contract/ids.ts';
import { NO_LIMITS, TenantSpec, type Plan } from '../../../contract/tenants.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { alignDatabase, alignSite } from '../../../worker-privileged/executor/verbs/align.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { restoreSite } from '../../../worker-privileged/executor/verbs/site-trash.ts';
import { putTenant, removeTenant } from '../../../worker-privileged/executor/verbs/tenant.ts';
import {
  createFakeServer,
  createFakeSystem,
  stateOf,
  type Accident,
  type FakeServer,
} from '../../fakes/executor-system.ts';
import { ID as DATABASE, fakeDatabase } from './databases.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

const TENANT = 'tenant123456' as TenantId;
const system = (server: FakeServer) => createFakeSystem(server).system;
const mine = (change: Parameters<typeof spec>[0] = {}) => spec({ tenant: TENANT, ...change });
const put = (server: FakeServer, site = mine()) => putSite(system(server))(site, recordedRun());

type Asked = { readonly generation?: number; readonly suspended?: boolean; readonly plan?: Partial<Plan> };

function tenant(server: FakeServer, { generation = 1, suspended = false, plan = {} }: Asked = {}) {
  const asked = TenantSpec.parse({ id: TENANT, generation, suspended, plan: { ...NO_LIMITS, ...plan } });
  return putTenant(system(server))(asked, recordedRun());
}

/** The tenant's record is another each time; what is compared is what it has. */
async function all(server: FakeServer, asked: Asked): Promise<void> {
  const { sites, databases } = await tenant(server, asked);
  for (const id of sites) await alignSite(system(server))({ id }, recordedRun());
  for (const id of databases) await alignDatabase(system(server))({ id }, recordedRun());
}

const marker = (server: FakeServer, name: 'suspended' | 'disabled', id = ID) =>
  server.disk.has(paths.siteFile(id, name));

test('a site of a tenant that root does not know is not made', async () => {
  const server = createFakeServer();
  expect(await failureOf(put(server))).toBe('not_ready');
  expect(stateOf(server)).toEqual(stateOf(createFakeServer()));
});

test('the plan is counted by root: one more is refused, and leaves nothing', async () => {
  const server = createFakeServer();
  await tenant(server, { plan: { domains: 1 } });
  await put(server);
  const before = stateOf(server);
  const second = mine({ id: 'b1b2c3d4e5f6', name: 'second.example' });
  expect(await failureOf(put(server, second))).toBe('plan_limit');
  expect(stateOf(server)).toEqual(before);
  // What is there already is changed as before, and one of the administrators is not counted with these.
  await put(server, mine({ generation: 2, aliases: ['www.shop.example'] }));
  await put(server, spec({ id: 'c1b2c3d4e5f6', name: 'third.example' }));
});

test('what lies in the trash does not count, and counts when it comes back', async () => {
  const server = createFakeServer();
  await tenant(server, { plan: { domains: 1 } });
  await put(server);
  await removeSite(system(server))({ id: ID }, recordedRun());
  await put(server, mine({ id: 'b1b2c3d4e5f6', name: 'second.example' }));
  const before = stateOf(server);
  const back = restoreSite(system(server))(mine({ generation: 2 }), recordedRun());
  expect(await failureOf(back)).toBe('plan_limit');
  expect(stateOf(server)).toEqual(before);
});

test('a site keeps its tenant for its life', async () => {
  const server = createFakeServer();
  await tenant(server);
  await put(server);
  expect(await failureOf(put(server, spec({ generation: 2 })))).toBe('invalid_request');
});

test('an older version of a tenant is a replay', async () => {
  const server = createFakeServer();
  await tenant(server, { generation: 3, plan: { domains: 1 } });
  const before = stateOf(server);
  expect(await failureOf(tenant(server, { generation: 2 }))).toBe('invalid_request');
  expect(stateOf(server)).toEqual(before);
});

test('a suspended site shows that, its PHP is off and its account locked; resumed it is as it was', async () => {
  const server = createFakeServer();
  await tenant(server);
  await put(server);
  server.databases.set(DATABASE, fakeDatabase({ tenant: TENANT }));
  const before = structuredClone(stateOf(server)) as { disk: Record<string, unknown> };
  await all(server, { generation: 2, suspended: true });
  expect([marker(server, 'suspended'), server.mastersOn.size]).toEqual([true, 0]);
  expect(server.users.get(`s-${ID}`)?.locked).toBe(true);
  expect(server.databases.get(DATABASE)?.accounts.every(({ locked }) => locked)).toBe(true);
  await all(server, { generation: 3, suspended: false });
  const after = structuredClone(stateOf(server)) as { disk: Record<string, unknown> };
  const record = after.disk[paths.registeredTenant(TENANT)];
  expect(after).toEqual({ ...before, disk: { ...before.disk, [paths.registeredTenant(TENANT)]: record } });
});

test('whatever of a suspension fails, its visitors see it, and resumed the site is as it was', async () => {
  const suspended = async (accident?: Accident) => {
    const server = createFakeServer();
    await tenant(server);
    await put(server);
    const before = structuredClone(stateOf(server)) as { disk: Record<string, unknown> };
    await tenant(server, { generation: 2, suspended: true });
    const { system: struck, count } = createFakeSystem(server, accident);
    await alignSite(struck)({ id: ID }, recordedRun()).catch(() => undefined);
    return { server, before, changes: count.changes };
  };
  const { changes } = await suspended();
  expect(changes).toBeGreaterThan(3);
  for (let at = 2; at <= changes; at += 1) {
    const { server, before } = await suspended({ at, kind: 'tool' });
    expect([at, marker(server, 'suspended')]).toEqual([at, true]);
    await all(server, { generation: 3, suspended: false });
    const after = structuredClone(stateOf(server)) as { disk: Record<string, unknown> };
    const record = after.disk[paths.registeredTenant(TENANT)];
    const disk = { ...before.disk, [paths.registeredTenant(TENANT)]: record };
    expect({ at, ...after }).toEqual({ at, ...before, disk });
  }
});

test('a change of its plan reaches the sites that exist, and takes nothing else of them', async () => {
  const server = createFakeServer();
  const conf = () => server.disk.get(paths.siteFile(ID, 'fpm.conf')) as { readonly text: string };
  await tenant(server, { plan: { phpProcesses: 5 } });
  await put(server);
  const before = structuredClone(conf());
  expect(before.text).toContain('\npm.max_children = 5\n');
  expect(server.shares.size).toBe(0);
  await all(server, { generation: 2, plan: { phpProcesses: 100, phpMemoryBytes: 134_217_728 } });
  expect(conf().text).toContain('\npm.max_children = 100\n');
  expect(server.shares.get(ID)).toEqual({ memoryBytes: 134_217_728, tasks: 592 });
  expect(server.doings).toContain(`refresh ${ID}`);
  await all(server, { generation: 3, plan: { phpProcesses: 5 } });
  expect([conf(), server.shares.size]).toEqual([before, 0]);
});

test('what was switched off before is switched off after', async () => {
  const server = createFakeServer();
  await tenant(server);
  await put(server, mine({ enabled: false }));
  await all(server, { generation: 2, suspended: true });
  await all(server, { generation: 3, suspended: false });
  expect([marker(server, 'disabled'), marker(server, 'suspended'), server.mastersOn.size]).toEqual([
    true,
    false,
    0,
  ]);
});

test('nothing that is asked of a suspended site brings it to life', async () => {
  const server = createFakeServer();
  await tenant(server);
  await put(server);
  await tenant(server, { generation: 2, suspended: true });
  const dead = () => {
    expect([marker(server, 'suspended'), server.mastersOn.has(ID)]).toEqual([true, false]);
    expect(server.users.get(`s-${ID}`)?.locked).toBe(true);
  };
  const { probes } = await put(server, mine({ generation: 2, phpVersion: '8.2' }));
  dead();
  expect(probes.at(-1)).toEqual({ host: 'shop.example', path: '/', expect: { status: 503 } });
  await removeSite(system(server))({ id: ID }, recordedRun());
  await restoreSite(system(server))(mine({ generation: 3 }), recordedRun());
  dead();
  const other = 'b1b2c3d4e5f6' as DomainId;
  await put(server, mine({ id: other, name: 'second.example' }));
  expect([marker(server, 'suspended', other), server.mastersOn.has(other)]).toEqual([true, false]);
});

test('a lock that root has set itself is not taken away', async () => {
  const server = createFakeServer();
  await tenant(server);
  await put(server);
  server.users.set(`s-${ID}`, { ...server.users.get(`s-${ID}`)!, locked: true });
  await put(server, mine({ generation: 2, aliases: ['www.shop.example'] }));
  expect(server.users.get(`s-${ID}`)?.locked).toBe(true);
});

test('a tenant is not removed while something of it stands', async () => {
  const server = createFakeServer();
  await tenant(server);
  await put(server);
  const remove = () => removeTenant(system(server))({ id: TENANT, generation: 2 }, recordedRun());
  expect(await failureOf(remove())).toBe('not_ready');
  await removeSite(system(server))({ id: ID }, recordedRun());
  expect(await remove()).toEqual({ purgeAfter: '2026-01-05T03:04:05.678Z' });
  expect(await failureOf(tenant(server, { generation: 3 }))).toBe('not_found');
});
