import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { OperationId, ServerId } from '../../../contract/ids.ts';
import { OPERATION_CHANNEL, privilegedQueue, REDIS_PREFIX } from '../../../contract/operations.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { connectRedis, connectSubscriber, workerConnection } from '../../../runtime/redis.ts';
import { createWakeUps } from '../../../runtime/wake-ups.ts';
import { createPublish } from '../../../worker-privileged/progress.ts';
import { createQueue } from '../../../worker-privileged/queue.ts';
import { startServers } from '../servers.ts';
import type { RedisAccount, Servers } from '../servers.ts';

/* What each process does in Redis, done under the account that an installation gives it. Redis counts what was
   called, scripts' calls too: neither less than that may be granted nor more. */

const server = ServerId.parse('default');
const operation = OperationId.parse('b'.repeat(20));
const quiet = createLogger('test', { write: () => undefined });

let servers: Servers;
/** May do anything; what it calls is none of what a process does. */
let onlooker: Redis;
const ONLOOKERS_CALLS = ['config|resetstat', 'object|encoding'];
beforeEach(async () => {
  servers = await startServers();
  const { socketPath, username, password } = servers.queue('test');
  onlooker = new Redis({ path: socketPath, username, password: password.reveal() });
  await onlooker.ping();
});
afterEach(async () => {
  onlooker.disconnect();
  await servers.stop();
});

test("the API's account may do what the API does, and nothing else", async () => {
  await expectExact('api', async () => {
    const redis = connectRedis(servers.queue('api'), quiet);
    const subscriber = connectSubscriber(servers.queue('api'), quiet);
    await subscriber.subscribe(OPERATION_CHANNEL);
    await isReady(redis);
    expect(await redis.ping()).toBe('PONG');
    await wakeInEveryWay(redis);
    expect(await redis.incr('sculptor:rate:token')).toBe(1);
    expect(await redis.pexpire('sculptor:rate:token', 60_000)).toBe(1);
    redis.disconnect();
    subscriber.disconnect();
  });
});

test("the unprivileged worker's account may do what that does, and nothing else", async () => {
  await expectExact('worker-unprivileged', async () => {
    const redis = connectRedis(servers.queue('worker-unprivileged'), quiet);
    await isReady(redis);
    expect(await redis.ping()).toBe('PONG');
    await wakeInEveryWay(redis);
    redis.disconnect();
  });
});

test("the privileged worker's account may do what that does, and nothing else", async () => {
  const stuck = await takeAndDie('c');
  const hopeless = await takeAndDie('d');
  await onlooker.hset(hopeless.key, 'stc', 1);
  await expectExact('worker-privileged', async () => {
    const redis = connectRedis(servers.queue('worker-privileged'), quiet);
    await isReady(redis);
    const wakeUps = createWakeUps({ redis, server, logger: quiet });
    const took: string[] = [];
    const queue = createQueue({
      connection: workerConnection(servers.queue('worker-privileged')),
      ...{ server, logger: quiet, lockMs: 300 },
      offer: async (id) => {
        took.push(id);
        // Longer than a lock lasts: it has to be renewed.
        await pause(400);
      },
    });
    queue.start();
    createPublish(redis, quiet)(operation);
    await wakeUps.wake(operation);
    await wakeUps.wake(operation, { jobId: 'sweep-once' });
    await wakeUps.wake(operation, { jobId: 'sweep-once' });
    await wakeUps.wake(operation, { delayMs: 200 });
    await until(() => took.length === 4);
    expect(took.sort()).toEqual([stuck.id, operation, operation, operation].sort());
    // The one that stalls for the second time is given up and leaves nothing.
    while ((await onlooker.object('ENCODING', hopeless.key)) !== null) await pause(5);
    await queue.pause();
    queue.start();
    await queue.close();
    await wakeUps.close();
    redis.disconnect();
  });
});

async function wakeInEveryWay(redis: Redis): Promise<void> {
  const wakeUps = createWakeUps({ redis, server, logger: quiet });
  expect(await wakeUps.wake(operation)).toBe(true);
  expect(await wakeUps.wake(operation, { jobId: 'overdue-once' })).toBe(true);
  expect(await wakeUps.wake(operation, { jobId: 'overdue-once' })).toBe(true);
  await wakeUps.close();
}

/** A worker that takes a job and dies: what is left of it is the next one's to find. */
async function takeAndDie(letter: string): Promise<{ readonly id: OperationId; readonly key: string }> {
  const id = OperationId.parse(letter.repeat(20));
  const redis = connectRedis(servers.queue('test'), quiet);
  await isReady(redis);
  const wakeUps = createWakeUps({ redis, server, logger: quiet });
  await wakeUps.wake(id);
  const worker = new Worker(privilegedQueue(server), null, {
    connection: workerConnection(servers.queue('test')),
    prefix: REDIS_PREFIX,
    lockDuration: 100,
  });
  const job = await worker.getNextJob('dead');
  await worker.close();
  await wakeUps.close();
  redis.disconnect();
  return { id, key: `${REDIS_PREFIX}:${privilegedQueue(server)}:${job.id!}` };
}

async function expectExact(account: RedisAccount, live: () => Promise<void>): Promise<void> {
  await onlooker.config('RESETSTAT');
  await live();
  const used = called(await onlooker.info('commandstats'));
  const refused = (await onlooker.acl('LOG')) as unknown[];
  expect(refused).toEqual([]);
  expect(used).toEqual(granted(account));
}

/** The names of all that was called, one's subcommands as ACL rules write them; the onlooker's are not among them. */
function called(stats: string): string[] {
  const names = [...stats.matchAll(/^cmdstat_([^:]+):calls=[1-9]/gm)].map(([, name = '']) => name);
  return names.filter((name) => !ONLOOKERS_CALLS.includes(name)).sort();
}

function granted(account: RedisAccount): string[] {
  const text = readFileSync(join(__dirname, '../../../systemd/redis', `commands-${account}`), 'utf8');
  return text
    .replace(/^#.*\n/gm, '')
    .split(/\s+/)
    .filter(Boolean)
    .map((rule) => rule.replace(/^\+/, ''))
    .sort();
}

async function isReady(redis: Redis): Promise<void> {
  await until(() => redis.status === 'ready');
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await pause(5);
}
