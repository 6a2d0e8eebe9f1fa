import { setTimeout as pause } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { privilegedQueue, REDIS_PREFIX } from '../../../contract/operations.ts';
import { Problem } from '../../../contract/problems.ts';
import { workerConnection } from '../../../runtime/redis.ts';
import { operationId, SERVER, startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';

let agent: Agent;
beforeAll(async () => {
  agent = await startAgent();
});
afterAll(() => agent.stop());

// Each test leaves both servers running.
beforeEach(() => until(async () => JSON.stringify(await ready()).includes('"ready"')));

let count = 0;
function wish(): Promise<Answer> {
  count += 1;
  return agent.call('POST', '/v1/databases', { body: { name: `wish${count}` } });
}

async function ready(): Promise<unknown> {
  return (await agent.call('GET', '/v1/health/ready')).json;
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await pause(20);
}

async function queued(): Promise<unknown[]> {
  const queue = new Queue(privilegedQueue(SERVER), {
    connection: workerConnection(agent.servers.queue('test')),
    prefix: REDIS_PREFIX,
  });
  const jobs = await queue.getWaiting();
  await queue.close();
  return jobs.map(({ name, data }) => [name, data as unknown]);
}

test('what Redis is given is the id of the operation, and nothing else', async () => {
  const id = operationId(await wish());
  expect(await queued()).toEqual([['wake', { operationId: id }]]);
});

test('while Redis is away a wish is taken all the same, and the agent says that it is not ready', async () => {
  expect(await ready()).toEqual({
    status: 'ready',
    checks: { database: 'ok', redis: 'ok', worker: 'ok', queue: 'ok' },
  });
  await agent.servers.redis.stop();
  const answer = await wish();
  expect(answer.status).toBe(202);
  const [row] = agent.servers.sql(
    `SELECT status FROM sculptor.operation WHERE id = '${operationId(answer)}'`,
  );
  expect(row).toEqual(['queued']);
  const health = await agent.call('GET', '/v1/health/ready');
  expect([health.status, health.json]).toEqual([
    503,
    { status: 'not-ready', checks: { database: 'ok', redis: 'away', worker: 'ok', queue: 'ok' } },
  ]);
  await agent.servers.redis.start();
});

test('while Redis hangs a wish is taken all the same', async () => {
  agent.servers.redis.signal('SIGSTOP');
  expect((await wish()).status).toBe(202);
  expect(await ready()).toMatchObject({ checks: { redis: 'away' } });
  agent.servers.redis.signal('SIGCONT');
});

test('while MariaDB is away every request that needs it is answered with 503 and when to ask again', async () => {
  await agent.servers.mariadb.stop();
  for (const [method, path] of [
    ['GET', '/v1/domains'],
    ['GET', '/v1/server'],
    ['POST', '/v1/databases'],
  ] as const) {
    const answer = await agent.call(method, path, method === 'POST' ? { body: { name: 'away' } } : {});
    expect([answer.status, answer.headers['retry-after'], Problem.parse(answer.json).type]).toEqual([
      503,
      '5',
      'urn:sculptor:problem:unavailable',
    ]);
    expect(answer.text).not.toMatch(/sock|ECONN|ENOENT/);
  }
  expect(await ready()).toMatchObject({ status: 'not-ready', checks: { database: 'away', worker: 'away' } });
  expect((await agent.call('GET', '/v1/health/live')).json).toEqual({ status: 'ok' });
  await agent.servers.mariadb.start();
  expect((await wish()).status).toBe(202);
});

test('after a crash of MariaDB the next request is served', async () => {
  const before = operationId(await wish());
  agent.servers.mariadb.signal('SIGKILL');
  await agent.servers.mariadb.stop();
  await agent.servers.mariadb.start();
  expect((await agent.call('GET', `/v1/operations/${before}`)).status).toBe(200);
});

test('what is the first of its key and has never been begun for five minutes, nobody takes', async () => {
  const old = (change: string) =>
    agent.servers.sql(
      `UPDATE sculptor.operation SET created_at = UTC_TIMESTAMP(3) - INTERVAL 301 SECOND, ${change}`,
    );
  await wish();
  old("status = 'queued', epoch = 1");
  expect(await ready()).toMatchObject({ status: 'ready' });
  old("status = IF(seq = 1, 'running', 'queued'), epoch = IF(seq = 1, 1, 0), serial_key = 'one'");
  expect(await ready()).toMatchObject({ status: 'ready' });
  agent.servers.sql("UPDATE sculptor.operation SET status = 'succeeded' WHERE status = 'running'");
  expect(await ready()).toMatchObject({ status: 'not-ready', checks: { queue: 'away', worker: 'ok' } });
  const updating = (seconds: number) =>
    agent.servers.sql(`REPLACE INTO sculptor.server_fact (server, name, value, updated_at)
      VALUES ('${SERVER}', 'updating', '{}', UTC_TIMESTAMP(3) - INTERVAL ${seconds} SECOND)`);
  updating(290);
  expect(await ready()).toMatchObject({ status: 'ready', checks: { queue: 'updating' } });
  updating(301);
  expect(await ready()).toMatchObject({ status: 'not-ready', checks: { queue: 'away' } });
  agent.servers.sql("UPDATE sculptor.operation SET status = 'succeeded'");
  expect(await ready()).toMatchObject({ status: 'ready' });
});

test('a worker that has been silent for a minute is away', async () => {
  agent.servers.sql(`UPDATE sculptor.server_fact SET updated_at = UTC_TIMESTAMP(3) - INTERVAL 61 SECOND
    WHERE name = 'worker'`);
  expect(await ready()).toMatchObject({ status: 'not-ready', checks: { database: 'ok', worker: 'away' } });
  agent.servers.sql("DELETE FROM sculptor.server_fact WHERE name = 'worker'");
  expect(await ready()).toMatchObject({ checks: { worker: 'away' } });
});
