import { askDatabase, askDomain } from './asked.ts';
import { live, startWorld } from './world.ts';
import type { World } from './world.ts';

/* What one tenant asks for, however long it takes and however much it is, keeps no other from its turn. */

let world: World;
let release: () => void;

/** The executor never ends what it is to remove of this tenant's. */
const removing = new Set<string>();
const held = new Promise<void>((resolve) => (release = resolve));

beforeAll(async () => {
  world = await startWorld(async (request, tell) => {
    const { id } = request.args as { id: string };
    if (removing.has(id)) await held;
    return live(request, tell);
  });
  world.servers.sql(
    "INSERT INTO sculptor.tenant (id, name) VALUES ('greedytenant', 'a'), ('modesttenant', 'b')",
  );
});
afterAll(async () => {
  release();
  await world.stop();
});

let count = 0;
async function site(tenant: string, wake = true) {
  const name = `fair${(count += 1)}.example`;
  const { operation, id } = await askDomain(world.api, { kind: 'domain.create', name, tenant });
  world.nginx.serve(name, { status: 200, body: id });
  if (wake) await world.queue.add('wake', { operationId: operation });
  return operation;
}

async function removal(tenant: string) {
  const name = `fair_${(count += 1)}`;
  const { operation, id } = await askDatabase(world.api, { kind: 'database.create', name, tenant });
  world.servers.sql(`UPDATE sculptor.operation SET status = 'succeeded' WHERE id = '${operation}'`);
  const asked = await askDatabase(world.api, { kind: 'database.delete', name, id, generation: 2, tenant });
  if (tenant === 'greedytenant') removing.add(id);
  await world.queue.add('wake', { operationId: asked.operation });
  return asked.operation;
}

const queued = (tenant: string) =>
  Number(
    world.servers.sql(
      `SELECT COUNT(*) FROM sculptor.operation WHERE tenant = '${tenant}' AND status = 'queued'`,
    )[0]?.[0],
  );

test('a tenant whose removals do not end keeps neither the removals nor the sites of another waiting, nor its own sites', async () => {
  world.startWorker(100);
  const greedy = [];
  for (let each = 0; each < 12; each += 1) greedy.push(await removal('greedytenant'));
  for (const asked of [removal('modesttenant'), site('modesttenant'), site('greedytenant')])
    expect(await world.ended(await asked)).toMatchObject({ status: 'succeeded', attempt: 1 });
  const rows = await Promise.all(greedy.map((id) => world.row(id)));
  expect(rows.filter(({ status }) => status === 'running')).toHaveLength(2);
  release();
  for (const operation of greedy) expect(await world.ended(operation)).toMatchObject({ status: 'succeeded' });
});

test('ten thousand operations of one tenant keep one of another waiting for a moment, though nothing woke it', async () => {
  await world.stopWorkers();
  world.servers
    .sql(`INSERT INTO sculptor.operation (id, kind, resource_type, resource_id, resource_name, serial_key,
      generation, tenant, server, actor)
    SELECT CONCAT('q', LPAD(seq, 19, '0')), 'domain.update', 'domain', CONCAT('d', LPAD(seq, 11, '0')), 'x.example',
      CONCAT('domain:d', LPAD(seq, 11, '0')), 1, 'greedytenant', 'default', 'ttttttttttt1' FROM sculptor.seq_1_to_10000`);
  const operation = await site('modesttenant', false);
  world.startWorker(100);
  expect(await world.ended(operation)).toMatchObject({ status: 'succeeded', attempt: 1 });
  expect(queued('greedytenant')).toBeGreaterThan(5000);
});
