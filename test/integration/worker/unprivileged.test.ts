import { setTimeout as pause } from 'node:timers/promises';
import { createLogger } from '../../../runtime/logger.ts';
import { connectRedis } from '../../../runtime/redis.ts';
import { createWakeUps } from '../../../runtime/wake-ups.ts';
import { createMonitor } from '../../../worker-unprivileged/monitor.ts';
import { askDomain } from './asked.ts';
import { server, startWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

let close: () => Promise<void> = () => Promise.resolve();
afterEach(() => close());

test("the API's account finds what has waited too long, and wakes a worker whose sweep did not", async () => {
  const lines: string[] = [];
  const logger = createLogger('worker-unprivileged', { write: (line) => lines.push(line) });
  const redis = connectRedis(world.servers.queue('worker-unprivileged'), logger);
  const wakeUps = createWakeUps({ redis, server, logger });
  close = async () => {
    await wakeUps.close();
    redis.disconnect();
  };
  while (redis.status !== 'ready') await pause(5);
  // The worker's first sweep has been when the operation comes, and its next one is far away.
  world.startWorker(3_600_000);
  const first = await askDomain(world.api, { kind: 'domain.create', name: 'first.example' });
  world.nginx.serve('first.example', { status: 200, body: first.id });
  await wakeUps.wake(first.operation);
  await world.ended(first.operation);
  while (world.servers.sql("SELECT 1 FROM sculptor.server_fact WHERE name = 'worker'").length === 0)
    await pause(5);
  const old = await askDomain(world.api, { kind: 'domain.create', name: 'old.example' });
  const young = await askDomain(world.api, { kind: 'domain.create', name: 'young.example' });
  world.nginx.serve('old.example', { status: 200, body: old.id });
  world.servers.sql(
    `UPDATE sculptor.operation SET created_at = UTC_TIMESTAMP(3) - INTERVAL 31 SECOND WHERE id = '${old.operation}'`,
  );
  const monitor = createMonitor({ server, state: world.api, askRedis: () => redis.ping(), wakeUps, logger });
  await monitor();
  expect(await world.ended(old.operation)).toMatchObject({ status: 'succeeded' });
  expect(await world.row(young.operation)).toMatchObject({ status: 'queued', epoch: 0 });
  expect(lines).toEqual([]);
});
