import { setTimeout as pause } from 'node:timers/promises';
import type { OperationId } from '../../../contract/ids.ts';
import { askDomain } from './asked.ts';
import { startWorld } from './world.ts';
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
