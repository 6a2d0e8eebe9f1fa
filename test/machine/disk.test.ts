import { setTimeout as pause } from 'node:timers/promises';
import { ENDED, Operation } from '../../contract/operations.ts';
import { Tenant, TenantUsage } from '../../contract/tenants.ts';
import { accepted, api, operationId, ready, succeeded, unique } from './agent.ts';
import { as, rootSql, sculptorctl } from './server.ts';

/* What a tenant takes of the disk is measured on a real server, hostile trees too, and holds it within its plan. */

beforeAll(ready);

const MIB = 1024 ** 2;
let tenant: string;
let site: string;
let home: string;
const forTenant = () => ({ 'sculptor-tenant': tenant });

async function ended(path: string, body: object): Promise<Operation> {
  const asked = await accepted('POST', path, { headers: forTenant(), body });
  for (;;) {
    const found = await api('GET', `/v1/operations/${operationId(asked)}`, { headers: forTenant() });
    const operation = Operation.parse(found.json);
    if (ENDED.has(operation.status)) return operation;
    await pause(50);
  }
}

const usage = async () => TenantUsage.parse((await api('GET', `/v1/tenants/${tenant}/usage`)).json).disk;

/** By the worker, which looks once a minute for what was not measured yet; one that had begun before counts for nothing. */
async function measured(isIt: (mebibytes: number) => boolean): Promise<Awaited<ReturnType<typeof usage>>> {
  for (;;) {
    const disk = await usage();
    if (disk.measuredAt !== null && isIt(disk.usedBytes / MIB)) return disk;
    if (disk.measuredAt !== null) rootSql(`DELETE FROM sculptor.domain_size WHERE domain_id = '${site}'`);
    await pause(500);
  }
}

const inSite = (script: string) => {
  const { code, err } = as(`s-${site}`, 'bash', '-c', `cd ${home} && ${script}`);
  if (code !== 0) throw new Error(err);
};

beforeAll(async () => {
  const plan = { diskBytes: 40 * MIB };
  const made = await accepted('POST', '/v1/tenants', { body: { name: unique('disk'), plan } });
  await succeeded(made);
  tenant = Tenant.parse(made.json['tenant']).id;
  const name = `${unique('disk')}.example`;
  const operation = await ended('/v1/domains', { name, type: 'static' });
  expect(operation.error).toBeNull();
  site = operation.resource.id;
  home = `/home/www/${name}`;
});

test('files are measured as what they take, whatever the tree does to mislead', async () => {
  // A hole, a second name, a link to a neighbour's and one to all of the server, and a folder of a thousand levels.
  inSite(`dd if=/dev/zero of=private/real bs=1M count=8 status=none && truncate -s 900M private/hole &&
    ln private/real private/again && ln -s / private/all && ln -s /var/lib/mysql tmp/db && cd private &&
    for i in $(seq 1000); do mkdir d && cd d; done && mkfifo pipe && touch $'a\\nb' && chmod 0 .`);
  const { filesBytes, enforcement } = await measured((mebibytes) => mebibytes >= 8);
  // Not the hole, nor what a link leads to, and the folders of a thousand levels are small.
  expect(filesBytes).toBeLessThan(15 * MIB);
  expect(enforcement).toBe('measured');
});

test('beyond its plan nothing that writes is made, by the API and by root, until there is room', async () => {
  inSite('dd if=/dev/zero of=private/more bs=1M count=40 status=none');
  const { usedBytes, measuredAt } = await measured((mebibytes) => mebibytes > 40);
  const refused = await api('POST', '/v1/databases', { headers: forTenant(), body: { name: unique('d') } });
  expect([refused.status, refused.json['type']]).toEqual([409, 'urn:sculptor:problem:plan-limit']);
  expect(JSON.stringify(refused.json['errors'])).toContain(
    `takes ${usedBytes} bytes of the disk, measured at ${String(measuredAt)}`,
  );

  // Should the API have been taken: it finds room, and root, who has measured too, does not.
  rootSql(`UPDATE sculptor.domain_size SET octets = 0 WHERE domain_id = '${site}'`);
  for (const [path, body] of [
    ['/v1/domains', { name: `${unique('disk')}.example` }],
    ['/v1/databases', { name: unique('d') }],
  ] as const) {
    const { status, error } = await ended(path, body);
    expect([status, error?.code]).toEqual(['failed', 'plan_limit']);
  }

  inSite('rm private/more');
  rootSql(`DELETE FROM sculptor.domain_size WHERE domain_id = '${site}'`);
  await measured((mebibytes) => mebibytes < 40);
  expect((await ended('/v1/databases', { name: unique('d') })).error).toBeNull();
});

test('it is shown with its time and how it is held, and doctor says how that is', () => {
  const { out } = sculptorctl('tenant', 'usage', tenant);
  expect(out).toMatch(new RegExp(`^diskBytes +[0-9]+ +${40 * MIB}$`, 'm'));
  expect(out).toMatch(/^measured +20\d\d-/m);
  expect(out).toMatch(/^enforced +by what is measured/m);
  expect(sculptorctl('doctor').out).toContain(
    'What tenants take of the disk is measured: the file system of /home/www has no project quotas.',
  );
});
