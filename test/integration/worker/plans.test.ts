import { WantedPlan, WOULD_BE_VERSIONS } from '../../../contract/changes.ts';
import type { WouldBe } from '../../../contract/changes.ts';
import { NO_LIMITS } from '../../../contract/tenants.ts';
import { openState } from '../../../state/connection.ts';
import { forgetPlans } from '../../../state/planned-changes.ts';
import { Refusal } from '../../fakes/executor-server.ts';
import { askDomain, freshId, insertOperation } from './asked.ts';
import { live, server, startWorld } from './world.ts';
import type { World } from './world.ts';

/* The API may be a thief's: what it asks to be planned is parsed again, is its own tenant's, and is only looked at. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
  world.startWorker();
});
afterAll(() => world.stop());

const DIFFERENCES = [{ step: 'configure PHP', words: 'it would be another', files: [] }];
beforeEach(() => {
  world.executor.answer((request, tell) =>
    request.plan === true ? { differences: DIFFERENCES } : live(request, tell),
  );
});

function site(name: string, over: object = {}): object {
  return WOULD_BE_VERSIONS.domain.parse({
    ...{ name, aliases: [], type: 'static', phpVersion: null, publicDirectory: 'public', options: {} },
    ...{ isolation: 'site', enabled: true, protected: false, ...over },
  });
}

function create(name: string, over: object = {}): WouldBe {
  return {
    ...{ kind: 'domain.create', resource: { id: freshId(), name }, generation: 1 },
    ...{ tenant: 'default', server: 'default', version: site(name), ...over },
  } as WouldBe;
}

/** Under what it waits, by what is planned first. */
function keyOf(wanted: unknown): string {
  const [one] = WantedPlan.safeParse(wanted).data?.changes ?? [];
  const { domain, database } = (one?.version ?? {}) as { domain?: string; database?: string };
  if (domain !== undefined) return `domain:${domain}`;
  return database === undefined
    ? `${one?.kind.split('.')[0] ?? 'domain'}:${one?.resource.id ?? freshId()}`
    : `database:${database}`;
}

/** As the API would ask for it, or whoever has it. */
async function ask(wanted: unknown, over: { serialKey?: string; tenant?: string } = {}) {
  const { serialKey = keyOf(wanted), tenant = 'default' } = over;
  const id = freshId();
  await world.api.run(
    `INSERT INTO planned_change (change_id, tenant, server, serial_key, wanted) VALUES (?, ?, 'default', ?, ?)`,
    [id, tenant, serialKey, JSON.stringify(wanted)],
  );
  const operation = await insertOperation(world.api, {
    ...{ kind: 'change.plan', id, name: 'shop.example', generation: 1, serialKey, tenant },
  });
  await world.queue.add('wake', { operationId: operation }, { jobId: operation });
  const { status, code } = await world.ended(operation);
  const [[result = null] = []] = world.servers.sql(
    `SELECT COALESCE(result, 'none') FROM sculptor.planned_change WHERE change_id = '${id}'`,
  );
  return { status, code, result, id };
}

const asked = () => world.executor.requests.filter(({ plan }) => plan === true);

test('what a site would come to is asked as a plan, and written beside it', async () => {
  const one = create('planned.example');
  const before = world.executor.requests.length;
  const { status, result, id } = await ask({ changes: [one], left: 0 });
  expect(status).toBe('succeeded');
  expect(JSON.parse(String(result))).toEqual({
    changes: [
      {
        ...{ kind: 'domain.create', resource: { type: 'domain', ...one.resource } },
        differences: DIFFERENCES,
      },
    ],
    left: 0,
  });
  // Facts of the server are asked for now and then, for nobody's operation.
  const since = world.executor.requests.slice(before).filter(({ verb }) => verb !== 'server.facts');
  expect(since.map(({ verb, plan }) => [verb, plan])).toEqual([['site.put', true]]);
  expect(since[0]?.args).toMatchObject({ id: one.resource.id, name: 'planned.example', tenant: 'default' });
  expect(world.servers.sql(`SELECT * FROM sculptor.resource_state WHERE resource_id = '${id}'`)).toEqual([]);
});

const other = (over: object) => (one: WouldBe) => ({ ...one, ...over });
test.each<[what: string, wanted: () => unknown]>([
  ['nothing', () => null],
  ['no change', () => ({ changes: [], left: 0 })],
  [
    'a kind that cannot be planned',
    () => ({ changes: [other({ kind: 'domain.move' })(create('a.example'))], left: 0 }),
  ],
  [
    'a kind that there is not',
    () => ({ changes: [other({ kind: 'server.facts' })(create('a.example'))], left: 0 }),
  ],
  [
    'an id that is a path',
    () => ({ changes: [other({ resource: { id: '../../etc', name: 'x' } })(create('a.example'))], left: 0 }),
  ],
  ['a site without its fields', () => ({ changes: [other({ version: {} })(create('a.example'))], left: 0 })],
  ['a name of the server itself', () => ({ changes: [create('machine.example')], left: 0 })],
  [
    "another tenant's",
    () => ({ changes: [other({ tenant: 'othertenant0' })(create('a.example'))], left: 0 }),
  ],
  [
    "another server's",
    () => ({ changes: [other({ server: 'otherserver0' })(create('a.example'))], left: 0 }),
  ],
  [
    'an update of what is not there',
    () => ({ changes: [other({ kind: 'domain.update', generation: 2 })(create('a.example'))], left: 0 }),
  ],
  [
    'a key of a site that is not there',
    () => ({
      changes: [
        other({ kind: 'key.create', version: { domain: freshId(), name: 'anna', spec: {} } })(
          create('a.example'),
        ),
      ],
      left: 0,
    }),
  ],
])('a plan of %s is refused, and nothing is asked of root', async (_, wanted) => {
  const before = asked().length;
  expect(await ask(wanted())).toMatchObject({ status: 'failed', code: 'invalid_request', result: 'none' });
  expect(asked()).toHaveLength(before);
});

test('a plan of a site of another tenant is refused, whatever tenant it says it is of', async () => {
  world.servers.sql("INSERT INTO sculptor.tenant (id, name) VALUES ('planothers00', 'x')");
  const { id, operation } = await askDomain(world.api, { kind: 'domain.create', name: 'theirs.example' });
  await world.queue.add('wake', { operationId: operation }, { jobId: operation });
  await world.ended(operation);
  const before = asked().length;
  const one = create('theirs.example', { resource: { id, name: 'theirs.example' }, tenant: 'planothers00' });
  for (const kind of ['domain.create', 'domain.delete'] as const)
    expect(await ask({ changes: [{ ...one, kind }], left: 0 }, { tenant: 'planothers00' })).toMatchObject({
      ...{ status: 'failed', code: 'invalid_request' },
    });
  expect(asked()).toHaveLength(before);
});

const part = { kind: 'key.create', version: { domain: freshId(), name: 'anna', spec: {} } };
test.each<[what: string, serialKey: string, over: object]>([
  ['what is no key', 'run:x', {}],
  ['the site of somebody else', `domain:${freshId()}`, {}],
  ['another type', `tenant:default`, {}],
  ['another site than its own', `domain:${freshId()}`, part],
  ['itself, and not its site', 'key:taaaaaaaaaaa', { ...part, resource: { id: 'taaaaaaaaaaa', name: 'x' } }],
])('a plan that waits under %s is not begun, and keeps nobody waiting', async (_, serialKey, over) => {
  const before = asked().length;
  const wanted = { changes: [create('key.example', over)], left: 0 };
  const { status, code, id } = await ask(wanted, { serialKey });
  expect([status, code]).toEqual(['failed', 'invalid_request']);
  expect(asked()).toHaveLength(before);
  expect(
    world.servers.sql(`SELECT s.name FROM sculptor.operation_step s JOIN sculptor.operation o
      ON o.id = s.operation_id WHERE o.resource_id = '${id}'`),
  ).toEqual([]);
});

test('what root refuses fails the plan, and leaves nothing behind it', async () => {
  world.executor.answer((request, tell) => {
    if (request.plan !== true) return live(request, tell);
    throw new Refusal({ code: 'protected', message: 'It is protected.', hint: 'Wait.' });
  });
  const { status, code, id } = await ask({ changes: [create('refused.example')], left: 0 });
  expect([status, code]).toEqual(['failed', 'protected']);
  expect(world.servers.sql(`SELECT * FROM sculptor.resource_state WHERE resource_id = '${id}'`)).toEqual([]);
});

test('what a suspension would touch is said by its name', async () => {
  const tenant = 'plantenant00';
  world.servers.sql(`INSERT INTO sculptor.tenant (id, name) VALUES ('${tenant}', 'x');
    INSERT INTO sculptor.tenant_version (tenant_id, generation, server, name, plan)
      VALUES ('${tenant}', 1, 'default', 'x', '${JSON.stringify(NO_LIMITS)}')`);
  const { id, operation } = await askDomain(world.api, {
    kind: 'domain.create',
    name: 'suspends.example',
    tenant,
  });
  world.nginx.serve('suspends.example', { status: 200, body: id });
  await world.queue.add('wake', { operationId: operation }, { jobId: operation });
  await world.ended(operation);
  const one = create('x.example', {
    ...{ kind: 'tenant.suspend', resource: { id: tenant, name: 'x' }, generation: 2 },
    version: { plan: NO_LIMITS, suspended: true },
  });
  const { status, result } = await ask({ changes: [one], left: 0 }, { serialKey: `tenant:${tenant}` });
  expect(status).toBe('succeeded');
  expect(result).toContain('the site suspends.example');
});

test('plans are forgotten after a day, and all but the newest of a tenant; what waits is not', async () => {
  const worker = openState(world.servers.state('sculptor'));
  world.servers.sql('DELETE FROM sculptor.planned_change');
  const insert = (id: string, tenant: string, age: string) =>
    world.servers
      .sql(`INSERT INTO sculptor.planned_change (change_id, tenant, server, serial_key, wanted, created_at)
      VALUES ('${id}', '${tenant}', 'default', 'domain:aaaaaaaaaaaa', '{}', UTC_TIMESTAMP(3) - INTERVAL ${age})`);
  insert('old000000000', 'default', '25 HOUR');
  insert('future000000', 'default', '-25 HOUR');
  insert('waits0000000', 'default', '25 HOUR');
  for (const [at, id] of ['first0000000', 'second000000', 'third0000000'].entries())
    insert(id, 'default', `${10 - at} MINUTE`);
  insert('others000000', 'othertenant0', '20 MINUTE');
  world.servers
    .sql(`SET foreign_key_checks = 0; INSERT INTO sculptor.operation (id, kind, resource_type, resource_id,
    resource_name, serial_key, generation, tenant, server, actor) VALUES ('${freshId(20)}', 'change.plan', 'change',
    'waits0000000', 'x', 'x', 1, 'default', 'elsewhere', 'x')`);
  await forgetPlans(worker, { server, hours: 24, ofTenant: 3, ofAll: 100 });
  const left = () => world.servers.sql('SELECT change_id FROM sculptor.planned_change ORDER BY 1').flat();
  expect(left()).toEqual(['others000000', 'second000000', 'third0000000', 'waits0000000']);
  // However old, the newest of one comes before the second of another.
  await forgetPlans(worker, { server, hours: 24, ofTenant: 3, ofAll: 2 });
  expect(left()).toEqual(['others000000', 'third0000000', 'waits0000000']);
  await worker.close();
});

test('nobody but the worker writes what was found, and nobody changes what was asked', async () => {
  const insert = `INSERT INTO planned_change (change_id, tenant, server, serial_key, wanted`;
  await expect(
    world.api.run(`${insert}, result) VALUES ('aaaaaaaaaaaa', 'default', 'default', 'x', '{}', '{}')`),
  ).rejects.toThrow(/denied/);
  await expect(world.api.run("UPDATE planned_change SET result = '{}'")).rejects.toThrow(/denied/);
  await expect(world.api.run('DELETE FROM planned_change')).rejects.toThrow(/denied/);
  expect(WantedPlan.safeParse({}).success).toBe(false);
});
