import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Redis } from 'ioredis';
import { OperationId, ServerId } from '../../contract/ids.ts';
import { createLogger } from '../../runtime/logger.ts';
import { connectRedis } from '../../runtime/redis.ts';
import { createWakeUps } from '../../runtime/wake-ups.ts';
import { openState } from '../../state/connection.ts';
import { startServers } from './servers.ts';
import type { Servers } from './servers.ts';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

test('each account logs in over the socket as itself and reads the state in UTC', async () => {
  for (const account of ['www-data', 'sculptor'] as const) {
    const state = openState(servers.state(account));
    const [row] = await state.rows(
      z.strictObject({
        me: z.string(),
        zone: z.string(),
        at: z.date(),
        isolation: z.string(),
        mode: z.string(),
      }),
      `SELECT CURRENT_USER() AS me, @@session.time_zone AS zone, created_at AS at, @@tx_isolation AS isolation,
         @@sql_mode AS mode FROM server WHERE id = ? LIMIT ?`,
      ['default', 1],
    );
    expect(row).toEqual({
      me: `${account}@localhost`,
      zone: '+00:00',
      at: expect.any(Date),
      isolation: 'READ-COMMITTED',
      mode: expect.stringContaining('STRICT_ALL_TABLES'),
    });
    await state.close();
  }
});

test('a transaction that throws leaves nothing, and its connection serves the next', async () => {
  const state = openState({ ...servers.state('www-data'), connections: 1 });
  const insert =
    "INSERT INTO cancellation (operation_id, actor) VALUES ('aaaaaaaaaaaaaaaaaaaa', 'tester000000')";
  await expect(
    state.transaction(async (sql) => {
      await sql.run(insert);
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  expect(await state.run('DO 0')).toBe(0);
  expect(servers.sql('SELECT * FROM sculptor.cancellation')).toEqual([]);
  await state.close();
});

test('a wake-up is queued, and while Redis is away it is not waited for', async () => {
  const logger = createLogger('test', { write: () => undefined });
  const redis = connectRedis(servers.queue('api'), logger);
  const wakeUps = createWakeUps({ redis, server: ServerId.parse('default'), logger });
  const operation = OperationId.parse('b'.repeat(20));
  await ready(redis);
  expect(await wakeUps.wake(operation)).toBe(true);
  await servers.redis.stop();
  expect(await wakeUps.wake(operation)).toBe(false);
  await servers.redis.start();
  await ready(redis);
  expect(await wakeUps.wake(operation)).toBe(true);
  await wakeUps.close();
  redis.disconnect();
});

async function ready(redis: Redis): Promise<void> {
  while (redis.status !== 'ready') await pause(5);
}
