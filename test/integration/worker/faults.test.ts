import { setTimeout as pause } from 'node:timers/promises';
import { ServerId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { connectSubscriber } from '../../../runtime/redis.ts';
import { claimOperation } from '../../../state/claims.ts';
import { openState } from '../../../state/connection.ts';
import { Refusal } from '../../fakes/executor-server.ts';
import { askDatabase, askDomain, insertOperation } from './asked.ts';
import { live, startWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => world.executor.answer(live));
afterEach(() => world.stopWorkers());
afterAll(() => world.stop());

async function domain(name: string) {
  const asked = await askDomain(world.api, { kind: 'domain.create', name });
  world.nginx.serve(name, { status: 200, body: asked.id });
  return asked;
}

/** Every site.put waits in the executor until it may go on. */
function holdPuts() {
  let reached: () => void = () => undefined;
  const inExecutor = new Promise<void>((resolve) => (reached = resolve));
  let goOn: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  world.executor.answer(async (request, tell) => {
    if (request.verb === 'site.put') {
      reached();
      await held;
    }
    return live(request, tell);
  });
  return { inExecutor, goOn };
}

async function said(msg: string): Promise<void> {
  while (!world.log.some((line) => line.msg === msg)) await pause(5);
}

test('an operation whose wake-up was lost is found by the sweep', async () => {
  world.startWorker(50);
  const asked = await domain('lost.example');
  expect(await world.ended(asked.operation)).toMatchObject({ status: 'succeeded' });
});

test('no operation is lost when Redis is flushed', async () => {
  world.startWorker(50);
  const thief = connectSubscriber(world.servers.queue('test'), createLogger('test'));
  const asked = [];
  for (let i = 0; i < 10; i += 1) {
    const one = await domain(`flushed${i}.example`);
    await world.queue.add('wake', { operationId: one.operation });
    await thief.flushall();
    asked.push(one);
  }
  for (const { operation } of asked)
    expect(await world.ended(operation)).toMatchObject({ status: 'succeeded' });
  thief.disconnect();
});

test('what a crash left running is done at the next start', async () => {
  const asked = await domain('crashed.example');
  const state = openState(world.servers.state('sculptor'));
  expect(await claimOperation(state, ServerId.parse('default'), asked.operation)).toMatchObject({
    result: 'mine',
  });
  await state.close();
  world.startWorker();
  expect(await world.ended(asked.operation)).toMatchObject({ status: 'succeeded', epoch: 2, attempt: 2 });
});

test('a repair for which this hour has no room ends, and what is asked of the same next goes on', async () => {
  world.startWorker(50);
  const { id, operation: created } = await askDatabase(world.api, {
    kind: 'database.create',
    name: 'repaired',
  });
  expect(await world.ended(created)).toMatchObject({ status: 'succeeded' });
  world.servers.sql('DROP DATABASE repaired');
  world.executor.answer((request, tell) => {
    if (request.verb !== 'database.align') return live(request, tell);
    throw new Refusal({ code: 'limit_reached', message: 'Six times an hour.', hint: 'Ask again.' });
  });
  const repair = await insertOperation(world.api, {
    ...{ kind: 'database.repair', id, name: 'repaired', generation: 1, serialKey: `database:${id}` },
  });
  const next = await askDatabase(world.api, {
    ...{ kind: 'database.delete', name: 'repaired', id, generation: 2 },
  });
  expect(await world.ended(repair)).toMatchObject({ status: 'failed', code: 'limit_reached', attempt: 1 });
  expect(await world.ended(next.operation)).toMatchObject({ status: 'succeeded' });
});

test('what the last attempt leaves is taken away, though whoever does that is killed meanwhile', async () => {
  const { id, operation } = await domain('half-made.example');
  world.servers.sql(`UPDATE sculptor.operation SET attempt = 4 WHERE id = '${operation}'`);
  let tried = 0;
  world.executor.answer((request, tell) => {
    if (request.verb === 'site.put')
      throw new Refusal({ code: 'server_full', message: 'No room.', hint: 'Make some.' });
    if (request.verb === 'site.remove' && (tried += 1) === 1) world.executor.crash();
    return live(request, tell);
  });
  world.startWorker(50);
  expect(await world.ended(operation)).toMatchObject({ status: 'failed', code: 'server_full', attempt: 5 });
  expect(tried).toBe(2);
  expect(world.servers.sql(`SELECT status FROM sculptor.resource_state WHERE resource_id = '${id}'`)).toEqual(
    [['trashed']],
  );
});

test.each([
  ['taken away again', 'back.example', []],
  ['left where it cannot be taken away', 'half-back.example', ['site.remove']],
] as const)(
  'what a restoration brought back that fails is %s, and lies in the trash as before',
  async (_, name, refused) => {
    world.startWorker(50);
    const { id, operation: created } = await domain(name);
    expect(await world.ended(created)).toMatchObject({ status: 'succeeded' });
    const removal = await askDomain(world.api, { kind: 'domain.delete', name, id, generation: 2, names: [] });
    expect(await world.ended(removal.operation)).toMatchObject({ status: 'succeeded' });
    let tried = 0;
    world.executor.answer((request, tell) => {
      if (refused.some((verb) => verb === request.verb))
        throw new Refusal({ code: 'limit_reached', message: 'Ten an hour.', hint: 'Ask again.' });
      if (request.verb !== 'site.restore') return live(request, tell);
      tried += 1;
      if (tried === 1) world.executor.crash();
      throw new Refusal({ code: 'server_full', message: 'No room.', hint: 'Make some.' });
    });
    const before = world.executor.requests.length;
    const back = await askDomain(world.api, { kind: 'domain.restore', name, id, generation: 3 });
    expect(await world.ended(back.operation)).toMatchObject({
      status: 'failed',
      code: 'server_full',
      attempt: 2,
    });
    const asked = world.executor.requests.slice(before).map(({ verb }) => verb);
    expect(asked.filter((verb) => verb.startsWith('site.'))).toEqual([
      'site.restore',
      'site.restore',
      'site.remove',
    ]);
    expect(
      world.servers.sql(`SELECT status FROM sculptor.resource_state WHERE resource_id = '${id}'`),
    ).toEqual([['trashed']]);
  },
);

test.each([
  { attempt: 5, verbs: ['site.remove'], what: 'what it left is taken away' },
  { attempt: 6, verbs: [], what: 'where the worker broke off over that too it stays' },
])('an operation the worker broke off over each time is given up: $what', async ({ attempt, verbs }) => {
  const asked = await domain(`poison${attempt}.example`);
  world.servers.sql(
    `UPDATE sculptor.operation SET status = 'running', epoch = ${attempt}, attempt = ${attempt} WHERE id = '${asked.operation}'`,
  );
  world.startWorker();
  expect(await world.ended(asked.operation)).toMatchObject({
    status: 'failed',
    code: 'internal',
    attempt: attempt + 1,
  });
  const done = world.executor.requests.filter((request) => request.operation === asked.operation);
  expect(done.map(({ verb }) => verb)).toEqual(verbs);
});

test('an executor that breaks off in the middle is asked again', async () => {
  let times = 0;
  world.executor.answer((request, tell) => {
    if (request.verb !== 'site.put') return live(request, tell);
    times += 1;
    if (times === 1) world.executor.crash();
    return live(request, tell);
  });
  world.startWorker();
  const asked = await domain('again.example');
  expect(await world.ended(asked.operation)).toMatchObject({ status: 'succeeded', attempt: 2 });
});

test('an executor that is away is waited for, with a growing pause', async () => {
  await world.executor.stop();
  world.startWorker(50);
  const asked = await domain('away.example');
  for (;;) {
    const { status, attempt } = await world.row(asked.operation);
    if (status === 'queued' && attempt === 2) break;
    await pause(5);
  }
  const rounds = world.executor.requests.length;
  await world.executor.start();
  // Neither the many sweeps nor wake-ups of others shorten the pause after the second attempt.
  for (let i = 0; i < 20; i += 1) {
    await world.queue.add('wake', { operationId: asked.operation });
    await pause(25);
  }
  expect(world.executor.requests.slice(rounds).filter(({ operation }) => operation !== null)).toEqual([]);
  expect(await world.ended(asked.operation)).toMatchObject({ status: 'succeeded', attempt: 3 });
}, 30_000);

test.each([['config_refused'], ['not_found'], ['uids_exhausted'], ['internal'], ['server_broken']] as const)(
  'a failure that will not pass, %s, is not tried again',
  async (code) => {
    world.executor.answer(() => {
      throw new Refusal({ code, message: 'refused', hint: 'look' });
    });
    world.startWorker();
    const asked = await domain(`${code.replaceAll('_', '-')}.example`);
    await world.queue.add('wake', { operationId: asked.operation });
    expect(await world.ended(asked.operation)).toMatchObject({ status: 'failed', code, attempt: 1 });
  },
);

test('an operation is done while nobody can be told, and its end is written', async () => {
  const { inExecutor, goOn } = holdPuts();
  world.startWorker(50);
  const asked = await domain('silent.example');
  await inExecutor;
  await world.servers.redis.stop();
  goOn();
  expect(await world.ended(asked.operation)).toMatchObject({ status: 'succeeded', attempt: 1 });
  await said('queue error');
  const next = await domain('after.example');
  await world.servers.redis.start();
  expect(await world.ended(next.operation)).toMatchObject({ status: 'succeeded' });
  // However often the connection was tried meanwhile.
  expect(world.log.filter(({ msg }) => msg === 'queue error').length).toBeLessThan(5);
}, 30_000);

test('an end that could not be written for want of MariaDB is reached again', async () => {
  const { inExecutor, goOn } = holdPuts();
  world.startWorker(50);
  const asked = await domain('dbaway.example');
  await inExecutor;
  await world.servers.mariadb.stop();
  goOn();
  await said('left open, the sweep takes it up again');
  await world.servers.mariadb.start();
  expect(await world.ended(asked.operation)).toMatchObject({ status: 'succeeded', attempt: 2 });
}, 30_000);

test('a second worker of the same server takes nothing until the first has gone', async () => {
  const first = world.startWorker(50);
  const before = await domain('before.example');
  expect(await world.ended(before.operation)).toMatchObject({ status: 'succeeded' });
  world.startWorker(50);
  await said('another worker of this server is at work, waiting');
  await first.stop();
  const after = await domain('second.example');
  expect(await world.ended(after.operation)).toMatchObject({ status: 'succeeded' });
}, 30_000);

test('a tenant who takes every lock it can name does not keep the worker from starting', async () => {
  world.servers.sql(
    "CREATE DATABASE t; CREATE USER 'tenant'@'localhost' IDENTIFIED BY 'pw'; GRANT ALL ON t.* TO 'tenant'@'localhost'",
  );
  const tenant = openState({
    ...world.servers.state('sculptor'),
    user: 'tenant',
    password: 'pw',
    database: 't',
  });
  await tenant.run("DO GET_LOCK('sculptor-worker-default', 0)");
  await expect(tenant.run('SELECT value INTO @x FROM sculptor.server_fact')).rejects.toMatchObject({
    sqlState: '42000',
  });
  world.startWorker();
  const asked = await domain('locked.example');
  await world.queue.add('wake', { operationId: asked.operation });
  expect(await world.ended(asked.operation)).toMatchObject({ status: 'succeeded' });
  await tenant.close();
});

test('a worker that stops takes no more, and finishes what it has begun', async () => {
  const { inExecutor, goOn } = holdPuts();
  const worker = world.startWorker();
  const begun = await domain('begun.example');
  await world.queue.add('wake', { operationId: begun.operation });
  await inExecutor;
  const stopped = worker.stop();
  const late = await domain('late.example');
  await world.queue.add('wake', { operationId: late.operation });
  goOn();
  await stopped;
  expect(await world.row(begun.operation)).toMatchObject({ status: 'succeeded' });
  expect(await world.row(late.operation)).toMatchObject({ status: 'queued', epoch: 0 });
}, 30_000);

test('what is not done when a worker has to stop goes back in the queue, and the next worker does it', async () => {
  const { inExecutor, goOn } = holdPuts();
  const worker = world.startWorker(undefined, 100);
  const begun = await domain('handed-back.example');
  await world.queue.add('wake', { operationId: begun.operation });
  await inExecutor;
  await worker.stop();
  expect(await world.row(begun.operation)).toMatchObject({ status: 'queued', epoch: 1, attempt: 1 });
  world.executor.answer(live);
  world.startWorker(50);
  expect(await world.ended(begun.operation)).toMatchObject({ status: 'succeeded', epoch: 2, attempt: 2 });
  goOn();
}, 30_000);
