import { FailureError } from '../../../contract/failures.ts';
import type { TenantId } from '../../../contract/ids.ts';
import { NO_LIMITS, TenantSpec } from '../../../contract/tenants.ts';
import { putSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { moveSite } from '../../../worker-privileged/executor/verbs/site-move.ts';
import { putTenant } from '../../../worker-privileged/executor/verbs/tenant.ts';
import {
  createFakeServer,
  createFakeSystem,
  InjectedError,
  type Accident,
  type FakeServer,
} from '../../fakes/executor-system.ts';
import { ID, recordedRun, spec } from './sites.ts';

/* A move that fails or breaks off, wherever: whose the site is, and whose disk its files count for. */

const FROM = 'tenantfrom12' as TenantId;
const TO = 'tenantto1234' as TenantId;
const GIB = 1024 ** 3;

type Disks = readonly [from: number | null, to: number | null];

async function withSite([from, to]: Disks): Promise<FakeServer> {
  const server = createFakeServer();
  server.quotasInForce = true;
  const { system } = createFakeSystem(server);
  for (const [id, diskBytes] of [
    [FROM, from],
    [TO, to],
  ] as const) {
    const plan = { ...NO_LIMITS, diskBytes };
    await putTenant(system)(TenantSpec.parse({ id, generation: 1, suspended: false, plan }), recordedRun());
  }
  await putSite(system)(spec({ tenant: FROM }), recordedRun());
  return server;
}

async function move(server: FakeServer, accident?: Accident): Promise<number> {
  const { system, count } = createFakeSystem(server, accident);
  await moveSite(system)({ ...spec({ tenant: FROM, generation: 2 }), to: TO }, recordedRun());
  return count.changes;
}

const standing = async (server: FakeServer) => ({
  owner: (await createFakeSystem(server).system.registry.read(ID))?.tenant,
  counted: [...server.projects].filter(([, project]) => project !== 0),
});

const disks: readonly [string, Disks][] = [
  ['without a limit to one with', [null, GIB]],
  ['with a limit to one without', [GIB, null]],
  ['with a limit to another such', [GIB, 2 * GIB]],
];

test.each(disks)(
  'whatever change of a move fails, from a tenant %s, all counts as before',
  async (_, plans) => {
    const all = await move(await withSite(plans));
    expect(all).toBeGreaterThan(3);
    for (let at = 1; at <= all; at += 1) {
      const server = await withSite(plans);
      const before = await standing(server);
      await expect(move(server, { at, kind: 'tool' })).rejects.toThrow(InjectedError);
      expect({ at, ...(await standing(server)) }).toEqual({ at, ...before });
    }
  },
);

test.each(disks)('wherever a move breaks off, from a tenant %s, asking again ends it', async (_, plans) => {
  const whole = await withSite(plans);
  const all = await move(whole);
  for (let at = 1; at <= all; at += 1) {
    const server = await withSite(plans);
    await expect(move(server, { at, kind: 'crash' })).rejects.toThrow(InjectedError);
    await move(server);
    expect({ at, ...(await standing(server)) }).toEqual({ at, ...(await standing(whole)) });
  }
});

test('one that broke off and cannot be ended says that the site is the new tenant’s, and what to do', async () => {
  const plans = [null, null] as const;
  const all = await move(await withSite(plans));
  const hints = new Set<string>();
  for (let at = 1; at <= all; at += 1) {
    const server = await withSite(plans);
    await move(server, { at, kind: 'crash' }).catch(() => undefined);
    server.phpVersions = [];
    const { owner } = await standing(server);
    const failed = await move(server).catch((cause: unknown) => cause as FailureError);
    if (owner === TO && failed instanceof FailureError) hints.add(failed.failure.hint);
    server.phpVersions = ['8.2'] as never;
    await move(server);
    expect((await standing(server)).owner).toBe(TO);
  }
  expect([...hints]).toEqual([expect.stringContaining('ask for the move again')]);
});
