import { setTimeout as pause } from 'node:timers/promises';
import { type OperationId, TenantId } from '../../../contract/ids.ts';
import { listNotifications } from '../../../state/notifications.ts';
import { askDomain } from './asked.ts';
import { live, startWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterEach(() => world.stopWorkers());
afterAll(() => world.stop());

let count = 0;
async function asked(): Promise<OperationId> {
  const name = `room${(count += 1)}.example`;
  const { operation, id } = await askDomain(world.api, { kind: 'domain.create', name });
  world.nginx.serve(name, { status: 200, body: id });
  await world.queue.add('wake', { operationId: operation });
  return operation;
}

/** Whatever was begun would be under way by then. */
async function askedTwice(): Promise<void> {
  const { packages } = world.executor;
  for (const before = packages.asked; packages.asked < before + 2;) await pause(10);
}

async function taken(): Promise<void> {
  for (;;) {
    const { waiting = 0, active = 0 } = await world.queue.getJobCounts('waiting', 'active');
    if (waiting + active === 0) return;
    await pause(10);
  }
}

test('nothing is begun while packages are replaced, and what waits is begun without a wake-up', async () => {
  world.startWorker();
  expect(await world.ended(await asked())).toMatchObject({ status: 'succeeded' });
  world.executor.packages.underWay = true;
  await askedTwice();
  const operation = await asked();
  await taken();
  await askedTwice();
  expect(await world.row(operation)).toMatchObject({ status: 'queued', epoch: 0 });
  world.executor.packages.underWay = false;
  expect(await world.ended(operation)).toMatchObject({ status: 'succeeded', attempt: 1 });
});

test('nor by a worker that is started in the midst of it', async () => {
  world.executor.packages.underWay = true;
  const operation = await asked();
  world.startWorker();
  await taken();
  await askedTwice();
  expect(await world.row(operation)).toMatchObject({ status: 'queued', epoch: 0 });
  world.executor.packages.underWay = false;
  expect(await world.ended(operation)).toMatchObject({ status: 'succeeded', attempt: 1 });
});

test('what was replaced is told once, to whoever may know of the server, and the executor that it was', async () => {
  const { executor, api } = world;
  const packages = [{ name: 'nginx', from: '1', to: '2', whole: true }];
  executor.packages.report = { upTo: 7, packages, more: 0, services: [], sites: 0, reboot: null };
  const told = () => executor.requests.filter(({ verb }) => verb === 'updates.told').map(({ args }) => args);
  executor.answer((request) => {
    if (request.verb === 'updates.told') executor.packages.report = null;
    return live(request, () => undefined);
  });
  world.startWorker();
  while (told().length === 0) await pause(10);
  await askedTwice();
  expect(told()).toEqual([{ upTo: 7 }]);
  const list = (andServer: boolean) =>
    listNotifications(api, { tenant: TenantId.parse('default'), andServer }, { limit: 10 });
  const [one, ...others] = await list(true);
  expect(others).toEqual([]);
  expect(one).toMatchObject({
    ...{ kind: 'updated', operation: null, tenant: null, server: 'default' },
    resource: { type: 'server', id: 'default', name: 'machine.example' },
  });
  expect(one?.message).toMatch(
    /^Updated: nginx 1 to 2\. The server need not be started anew\. MariaDB answers/,
  );
  expect(await list(false)).toEqual([]);
});
