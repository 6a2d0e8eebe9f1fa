import { CronSpec } from '../../../contract/crons.ts';
import { PartId, type DomainId, type TenantId } from '../../../contract/ids.ts';
import { PartName } from '../../../contract/site-parts.ts';
import { NO_LIMITS, TenantSpec, type Plan } from '../../../contract/tenants.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { putSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { moveSite } from '../../../worker-privileged/executor/verbs/site-move.ts';
import { putTenant } from '../../../worker-privileged/executor/verbs/tenant.ts';
import { createFakeServer, createFakeSystem, stateOf, type FakeServer } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

const FROM = 'tenantfrom12' as TenantId;
const TO = 'tenantto1234' as TenantId;
const system = (server: FakeServer) => createFakeSystem(server).system;

type Wanted = Partial<Plan> & { readonly suspended?: boolean };

function tenant(server: FakeServer, id: TenantId, { suspended = false, ...plan }: Wanted = {}) {
  const asked = TenantSpec.parse({ id, generation: 1, suspended, plan: { ...NO_LIMITS, ...plan } });
  return putTenant(system(server))(asked, recordedRun());
}

const mine = (change: Parameters<typeof spec>[0] = {}) => spec({ tenant: FROM, ...change });
const put = (server: FakeServer, site = mine()) => putSite(system(server))(site, recordedRun());
const move = (server: FakeServer, change: Parameters<typeof spec>[0] = {}) =>
  moveSite(system(server))({ ...mine({ generation: 2, ...change }), to: TO }, recordedRun());
const ownerOf = async (server: FakeServer, id: DomainId = ID) =>
  (await system(server).registry.read(id))?.tenant;

async function moved(plan: Partial<Plan> = {}): Promise<FakeServer> {
  const server = createFakeServer();
  await tenant(server, FROM, { phpProcesses: 7 });
  await tenant(server, TO, plan);
  await put(server);
  return server;
}

test('a site that is moved is the other tenant’s, goes by its plan and counts for it', async () => {
  const server = await moved({ domains: 1, phpProcesses: 3 });
  await move(server);
  expect(await ownerOf(server)).toBe(TO);
  expect(JSON.stringify([...server.disk.values()])).toContain('pm.max_children = 3');
  const second = spec({ id: 'b1b2c3d4e5f6', name: 'second.example', tenant: TO });
  expect(await failureOf(put(server, second))).toBe('plan_limit');
});

test('what is asked of it for its former tenant is refused, and asked again the move is done', async () => {
  const server = await moved();
  await move(server);
  expect(await failureOf(put(server, mine({ generation: 3 })))).toBe('invalid_request');
  const before = stateOf(server);
  await move(server);
  expect(stateOf(server)).toEqual(before);
  await put(server, spec({ tenant: TO, generation: 3 }));
});

test('an executor that has read whose it was learns from the disk that it was moved by another', async () => {
  const server = await moved();
  const other = system(server);
  expect((await other.registry.standingOf(FROM)).map(({ id }) => id)).toEqual([ID]);
  await move(server);
  expect((await other.registry.standingOf(TO)).map(({ id }) => id)).toEqual([ID]);
  expect(await other.registry.standingOf(FROM)).toEqual([]);
});

test('a move counts as what lets in', async () => {
  const server = await moved();
  await move(server);
  expect(server.disk.get(paths.letIn)).toMatchObject({
    text: expect.stringContaining(`move-${ID}-2`) as string,
  });
});

describe('a move is refused and changes nothing', () => {
  test('where the plan has no room for one more site', async () => {
    const server = await moved({ domains: 0 });
    const before = stateOf(server);
    expect(await failureOf(move(server))).toBe('plan_limit');
    expect(stateOf(server)).toEqual(before);
  });

  test('nor for what belongs to it', async () => {
    const server = await moved({ crons: 0 });
    await system(server).parts.write({
      id: PartId.parse('c1b2c3d4e5f6'),
      site: ID,
      name: PartName.parse('tick'),
      since: '2026-01-01T00:00:00.000Z',
      generation: 1,
      removed: false,
      type: 'cron',
      spec: CronSpec.parse({ schedule: '@daily', command: ['/usr/bin/true'] }),
    });
    const before = stateOf(server);
    expect(await failureOf(move(server))).toBe('plan_limit');
    expect(stateOf(server)).toEqual(before);
  });

  test.each([FROM, TO])('while the tenant %s is suspended', async (suspended) => {
    const server = createFakeServer();
    await tenant(server, FROM, { suspended: suspended === FROM });
    await tenant(server, TO, { suspended: suspended === TO });
    await put(server);
    const before = stateOf(server);
    expect(await failureOf(move(server))).toBe('not_ready');
    expect(stateOf(server)).toEqual(before);
  });

  test('where root does not know the tenant, or the site, or it is protected', async () => {
    const server = createFakeServer();
    await tenant(server, FROM);
    expect(await failureOf(move(server))).toBe('not_found');
    await put(server, mine({ protected: true }));
    const before = stateOf(server);
    expect(await failureOf(move(server))).toBe('protected');
    expect(stateOf(server)).toEqual(before);
    const other = createFakeServer();
    await tenant(other, FROM);
    await put(other);
    expect(await failureOf(move(other))).toBe('not_ready');
    expect(await ownerOf(other)).toBe(FROM);
  });
});
