import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { OperationId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { connectSubscriber } from '../../../runtime/redis.ts';
import { askDomain, askPart, freshId, freshOperationId, insertOperation } from './asked.ts';
import { live, startWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
/** Whoever has taken Redis: may write what it likes, job by job or past BullMQ. */
let thief: Redis;

beforeAll(async () => {
  world = await startWorld();
  thief = connectSubscriber(world.servers.queue('test'), createLogger('test'));
  world.startWorker();
  // The heartbeat's question, so that what follows are jobs alone.
  while (world.executor.requests.length === 0) await pause(5);
});
afterAll(async () => {
  thief.disconnect();
  await world.stop();
});

let count = 0;
async function honest(): Promise<OperationId> {
  const name = `honest${(count += 1)}.example`;
  const { operation, id } = await askDomain(world.api, { kind: 'domain.create', name });
  world.nginx.serve(name, { status: 200, body: id });
  await world.queue.add('wake', { operationId: operation });
  return operation;
}

/** After whatever was put before it, an honest job is done as if nothing had been. */
async function expectUndisturbed(): Promise<void> {
  expect(await world.ended(await honest())).toMatchObject({ status: 'succeeded', attempt: 1 });
}

const fresh = freshOperationId();
const jobs: readonly (readonly [string, string, unknown])[] = [
  ['of an unknown name', 'wipe', { operationId: fresh }],
  ['named after a prototype', '__proto__', { operationId: fresh }],
  ['named after a constructor', 'constructor', { operationId: fresh }],
  ['of no name', '', { operationId: fresh }],
  ['of a long name', 'w'.repeat(100_000), { operationId: fresh }],
  ['without an id', 'wake', {}],
  ['with an id that is none', 'wake', { operationId: 'x' }],
  ['with an id of another type', 'wake', { operationId: { $ne: null } }],
  ['with a list of ids', 'wake', { operationId: [fresh] }],
  ['with a line feed after the id', 'wake', { operationId: `${fresh}\n` }],
  ['with SQL for an id', 'wake', { operationId: "' OR 1=1 -- aaaaaaaaa" }],
  ['with a key more', 'wake', { operationId: fresh, run: 'rm -rf /' }],
  ['with a prototype in it', 'wake', JSON.parse(`{"__proto__": {"operationId": "${fresh}"}}`)],
  ['with a prototype beside it', 'wake', JSON.parse(`{"operationId": "${fresh}", "__proto__": {"a": 1}}`)],
  ['that is null', 'wake', null],
  ['that is a number', 'wake', 1],
  ['that is a list', 'wake', [fresh]],
  ['of nearly a megabyte', 'wake', { operationId: 'a'.repeat(1_000_000) }],
  ['nested deeply', 'wake', JSON.parse('['.repeat(1000) + ']'.repeat(1000))],
];

describe('a job', () => {
  test.each(jobs)(
    '%s is refused with a line in the log, and the next one is done',
    async (_what, name, words) => {
      const before = world.log.length;
      const requests = world.executor.requests.length;
      const [job] = await world.queue.addBulk([{ name, data: words }]);
      while ((await world.queue.getJobState(job!.id!)) !== 'unknown') await pause(5);
      const said = world.log.slice(before);
      expect(said.filter(({ msg }) => msg === 'job refused')).toHaveLength(1);
      for (const line of said) expect(JSON.stringify(line).length).toBeLessThan(500);
      expect(world.executor.requests).toHaveLength(requests);
      await expectUndisturbed();
    },
  );

  test("for another server's operation changes nothing", async () => {
    world.servers.sql("INSERT INTO sculptor.server (id, name) VALUES ('other0000001', 'other')");
    const id = freshId();
    const row = { kind: 'domain.create', id, name: 'x.example', generation: 1 } as const;
    const operation = await insertOperation(world.api, {
      ...{ ...row, serialKey: `domain:${id}`, server: 'other0000001' },
    });
    await world.queue.add('wake', { operationId: operation });
    await expectUndisturbed();
    expect(await world.row(operation)).toMatchObject({ status: 'queued', epoch: 0 });
  });

  test('for an operation that has ended changes nothing, however often it comes', async () => {
    const operation = await honest();
    const end = await world.ended(operation);
    const requests = world.executor.requests.length;
    await world.queue.addBulk(
      Array.from({ length: 200 }, () => ({ name: 'wake', data: { operationId: operation } })),
    );
    while ((await world.queue.getJobCountByTypes('waiting', 'active', 'prioritized')) > 0) await pause(10);
    expect(await world.row(operation)).toEqual(end);
    expect(world.executor.requests).toHaveLength(requests);
  });

  test('comes in thousands, and an honest one among them is done', async () => {
    const rubbish = Array.from({ length: 3000 }, (_, i) => ({
      name: 'wake',
      data: { operationId: `rubbish${i}` },
    }));
    await world.queue.addBulk(rubbish);
    await expectUndisturbed();
  });
});

describe('what was put into Redis past the queue', () => {
  const key = (rest: string): string => `sculptor:privileged-default:${rest}`;

  // A script makes what no command takes.
  test.each([
    ['whose data is 100 MB', "'data', string.rep('[', 100000000)"],
    ['with 100 fields of a megabyte', "'data', '{}', unpack(big)"],
  ])('as a job %s reaches no worker and stops none', async (_, fields) => {
    const script = `local big = {}
      for i = 1, 200, 2 do big[i] = 'f' .. i; big[i + 1] = string.rep('x', 1000000) end
      redis.call('HSET', KEYS[1], 'name', 'wake', 'opts', '{}', 'timestamp', '1', 'delay', '0', ${fields})
      redis.call('LPUSH', KEYS[2], 'big') redis.call('ZADD', KEYS[3], 0, '0')`;
    const memory = process.memoryUsage().rss;
    await thief.eval(script, 3, key('big'), key('wait'), key('marker'));
    await expectUndisturbed();
    expect(process.memoryUsage().rss - memory).toBeLessThan(50_000_000);
    await thief.del(key('big'));
  });

  test('as a job whose data is no JSON does not stop the others', async () => {
    await thief.hset(key('forged1'), {
      name: 'wake',
      data: '{{{',
      opts: '{}',
      timestamp: '1',
      delay: '0',
      priority: '0',
    });
    await thief.lpush(key('wait'), 'forged1');
    await thief.zadd(key('marker'), 0, '0');
    await expectUndisturbed();
  });

  test('as a job that is not there does not stop the others', async () => {
    await thief.lpush(key('wait'), 'nobody');
    await thief.zadd(key('marker'), 0, '0');
    await expectUndisturbed();
  });

  test('as a job whose options are hostile does not stop the others', async () => {
    const opts = JSON.stringify({
      repeat: { every: 1 },
      parent: { id: 'x', queueKey: 'sculptor:elsewhere' },
      attempts: 1e9,
      de: { id: 'x' },
    });
    await thief.hset(key('forged2'), {
      name: 'wipe',
      data: '{}',
      opts,
      timestamp: '1',
      delay: '0',
      priority: '0',
    });
    await thief.lpush(key('wait'), 'forged2');
    await thief.zadd(key('marker'), 0, '0');
    await expectUndisturbed();
  });
});

describe('a queue that gives nothing any more', () => {
  const key = (rest: string): string => `sculptor:privileged-default:${rest}`;
  const spoils: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['because it was paused', () => thief.hset(key('meta'), 'paused', '1')],
    [
      'because it is full',
      () => thief.hset(key('meta'), 'concurrency', '1').then(() => thief.lpush(key('active'), 'x')),
    ],
    [
      'because its rate was limited',
      () =>
        thief.hset(key('meta'), 'max', '1', 'duration', '3600000').then(() => thief.set(key('limiter'), '9')),
    ],
    ...['meta', 'wait', 'marker', 'active', 'id', 'events'].map(
      (name) =>
        [
          `because its ${name} is of another type`,
          async () => {
            await thief.del(key(name));
            // The counter of jobs is a string itself.
            await (name === 'id' ? thief.lpush(key(name), 'x') : thief.set(key(name), 'x'));
          },
        ] as const,
    ),
  ];

  beforeAll(async () => {
    await world.stopWorkers();
    world.startWorker(100);
  });
  afterEach(async () => {
    await thief.del(...['meta', 'wait', 'paused', 'marker', 'active', 'limiter', 'id', 'events'].map(key));
  });

  test.each(spoils)('%s keeps nothing from being done', async (_what, spoil) => {
    await spoil();
    const asked = [1, 2].map(async () => {
      const name = `without${(count += 1)}.example`;
      const { operation, id } = await askDomain(world.api, { kind: 'domain.create', name });
      world.nginx.serve(name, { status: 200, body: id });
      return operation;
    });
    for (const operation of asked) {
      expect(await world.ended(await operation)).toMatchObject({ status: 'succeeded', attempt: 1 });
    }
  });

  test('nor does it where a command runs meanwhile that takes long', async () => {
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const instant = '2026-01-01T00:00:00.000Z';
    const result = {
      ...{
        startedAt: instant,
        endedAt: instant,
        exitCode: 0,
        endedBy: 'itself',
        output: '',
        truncated: false,
      },
    };
    world.executor.answer((request, tell) =>
      request.verb === 'run.start' ? ended.then(() => result) : live(request, tell),
    );
    const site = await askDomain(world.api, { kind: 'domain.create', name: 'runs.example' });
    world.nginx.serve('runs.example', { status: 200, body: site.id });
    await world.ended(site.operation);
    const spec = { command: ['sleep', '3600'] };
    const run = await askPart(world.api, { kind: 'run.create', generation: 1, domain: site.id, spec });
    while ((await world.row(run.operation)).status !== 'running') await pause(5);
    await thief.hset(key('meta'), 'paused', '1');
    const other = await askDomain(world.api, { kind: 'domain.create', name: 'beside-runs.example' });
    world.nginx.serve('beside-runs.example', { status: 200, body: other.id });
    expect(await world.ended(other.operation)).toMatchObject({ status: 'succeeded' });
    expect((await world.row(run.operation)).status).toBe('running');
    end();
    expect(await world.ended(run.operation)).toMatchObject({ status: 'succeeded' });
    world.executor.answer(live);
  });
});
