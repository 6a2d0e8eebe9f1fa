import { setTimeout as pause } from 'node:timers/promises';
import { Operation, OPERATION_CHANNEL } from '../../../contract/operations.ts';
import { Problem } from '../../../contract/problems.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { connectSubscriber } from '../../../runtime/redis.ts';
import { DatabaseId, OperationId } from '../../../contract/ids.ts';
import { claimOperation } from '../../../state/claims.ts';
import type { Claim } from '../../../state/claims.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { lockDatabase } from '../../../state/databases.ts';
import { endOperation, recordStep } from '../../../state/outcomes.ts';
import { items, LIVE, nextAddress, operationId, resource, SERVER, startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';
import { follow } from './event-client.ts';
import { makeToken, revoke } from './made-tokens.ts';

let agent: Agent;
let worker: State;
const redis = (): ReturnType<typeof connectSubscriber> =>
  connectSubscriber(
    agent.servers.queue('worker-privileged'),
    createLogger('worker', { write: () => undefined }),
  );
let publisher: ReturnType<typeof connectSubscriber>;

beforeAll(async () => {
  agent = await startAgent();
  worker = openState(agent.servers.state('sculptor'));
  publisher = redis();
});
afterAll(async () => {
  publisher.disconnect();
  await worker.close();
  await agent.stop();
});

let count = 0;
async function wish(): Promise<string> {
  count += 1;
  return operationId(await agent.call('POST', '/v1/databases', { body: { name: `wish${count}` } }));
}

async function claim(id: string): Promise<Extract<Claim, { result: 'mine' }>['operation']> {
  const claimed = await claimOperation(worker, SERVER, OperationId.parse(id));
  if (claimed.result !== 'mine') throw new Error(claimed.result);
  return claimed.operation;
}

async function status(id: string): Promise<unknown> {
  return (await agent.call('GET', `/v1/operations/${id}`)).json['status'];
}

test('an operation shows the steps of its latest attempt, in order, and its end', async () => {
  const id = await wish();
  const ticket = await claim(id);
  for (const [index, name] of ['create database', 'read back'].entries())
    await recordStep(worker, ticket, {
      position: index + 1,
      step: { name, status: 'succeeded', changed: index === 0, durationMs: 1.5 },
    });
  await endOperation(worker, ticket, LIVE);
  const operation = Operation.parse((await agent.call('GET', `/v1/operations/${id}`)).json);
  expect(operation).toMatchObject({ status: 'succeeded', attempt: 1, error: null });
  expect(operation.steps).toEqual([
    { name: 'create database', status: 'succeeded', changed: true, durationMs: 1.5 },
    { name: 'read back', status: 'succeeded', changed: false, durationMs: 1.5 },
  ]);
  expect(operation.endedAt).not.toBeNull();
});

test('an operation that waits can be cancelled, also twice; one that has begun or ended cannot', async () => {
  const id = await wish();
  const first = await agent.call('POST', `/v1/operations/${id}/cancel`);
  expect([first.status, first.headers['location']]).toEqual([202, `/v1/operations/${id}`]);
  expect(first.json).toMatchObject({ operation: { id, status: 'queued' } });
  expect((await agent.call('POST', `/v1/operations/${id}/cancel`)).status).toBe(202);
  expect(await agent.claim(id)).toBe('ended');
  expect(await status(id)).toBe('cancelled');
  const begun = await wish();
  const ticket = await claim(begun);
  for (const over of [begun, id]) {
    const answer = await agent.call('POST', `/v1/operations/${over}/cancel`);
    expect([answer.status, Problem.parse(answer.json).type]).toEqual([409, 'urn:sculptor:problem:conflict']);
  }
  await endOperation(worker, ticket, LIVE);
  expect(await status(begun)).toBe('succeeded');
});

test.each([
  ['a user', 'POST', '/users', { name: 'waiter' }],
  ['its removal', 'DELETE', '', undefined],
])(
  '%s waits for whoever else writes under the same database, so that its operations have one order',
  async (...row) => {
    const [, method, below, body] = row;
    const name = `order${method.toLowerCase()}`;
    const database = resource(await agent.call('POST', '/v1/databases', { body: { name } }), 'database').id;
    const other = openState(agent.servers.state('www-data'));
    let answer: Promise<Answer> | undefined;
    await other.transaction(async (sql) => {
      await lockDatabase(sql, DatabaseId.parse(database));
      answer = agent.call(method, `/v1/databases/${database}${below}`, body === undefined ? {} : { body });
      expect(await firstOf(answer)).toBe('waits');
    });
    expect((await answer)?.status).toBe(202);
    await other.close();
  },
);

/** Whether the request is answered first, or a transaction is seen to wait for another's lock. */
async function firstOf(answer: Promise<Answer>): Promise<string> {
  const seen: string[] = [];
  void answer.then(() => seen.push('answered'));
  while (seen.length === 0) {
    // Not information_schema.innodb_lock_waits: who asks it often is given what it said before.
    const status = agent.servers.sql('SHOW ENGINE INNODB STATUS').flat().join('\n');
    if (status.includes('LOCK WAIT')) seen.push('waits');
    else await pause(10);
  }
  return seen[0] ?? '';
}

test('the operations are listed newest first, page after page, and by resource and status', async () => {
  const answer = await agent.call('POST', '/v1/databases', { body: { name: 'listed' } });
  const ids = [operationId(answer), await wish(), await wish()];
  const all = items(await agent.call('GET', '/v1/operations?limit=200')).map(({ id }) => id);
  expect(all.slice(0, 3)).toEqual([...ids].reverse());
  const paged: string[] = [];
  for (let address = '/v1/operations?limit=2'; address !== '';) {
    const page = await agent.call('GET', address);
    paged.push(...items(page).map(({ id }) => id));
    address = nextAddress('/v1/operations?limit=2', page);
  }
  expect(paged).toEqual(all);
  const { id } = resource(answer, 'database');
  const own = items(await agent.call('GET', `/v1/operations?resource=${id}`));
  expect(own.map((operation) => operation.id)).toEqual([ids[0]]);
  const cancelled = items(await agent.call('GET', '/v1/operations?status=cancelled'));
  expect(new Set(cancelled.map((operation) => operation['status']))).toEqual(new Set(['cancelled']));
});

test('whoever follows an operation sees its state at once, each change, and then the end of the stream', async () => {
  const id = await wish();
  const events = await follow(agent, id);
  expect(events.response.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  expect(await events.next()).toMatchObject({ id, status: 'queued' });
  const ticket = await claim(id);
  await publisher.publish(OPERATION_CHANNEL, id);
  expect(await events.next()).toMatchObject({ status: 'running', steps: [] });
  const step = { name: 'create', status: 'succeeded' as const, changed: true, durationMs: 1 };
  await recordStep(worker, ticket, { position: 1, step });
  await publisher.publish(OPERATION_CHANNEL, id);
  expect(await events.next()).toMatchObject({ status: 'running', steps: [step] });
  await endOperation(worker, ticket, LIVE);
  await publisher.publish(OPERATION_CHANNEL, id);
  expect(await events.next()).toMatchObject({ status: 'succeeded', steps: [step] });
  expect(await events.next()).toBeUndefined();
});

test('an operation that has ended is one event', async () => {
  const id = await wish();
  await agent.end(id, LIVE);
  const events = await follow(agent, id);
  expect(await events.next()).toMatchObject({ id, status: 'succeeded' });
  expect(await events.next()).toBeUndefined();
});

test('the end is seen without any news of it, and while Redis is away', async () => {
  const id = await wish();
  const events = await follow(agent, id);
  await events.next();
  await agent.servers.redis.stop();
  await agent.end(id, LIVE);
  expect(await events.next()).toMatchObject({ status: 'succeeded' });
  expect(await events.next()).toBeUndefined();
  await agent.servers.redis.start();
});

test('a stream ends soon after its token is revoked, and a token holds no more streams than it may', async () => {
  const { headers, id: token } = makeToken(agent.servers, { tenant: 'default' });
  const id = await wish();
  const streams = await Promise.all(
    Array.from({ length: 21 }, () => follow(agent, id, headers.authorization)),
  );
  const codes = streams.map(({ response }) => response.statusCode);
  expect([codes.filter((code) => code === 200).length, codes.filter((code) => code === 503).length]).toEqual([
    20, 1,
  ]);
  const open = streams.filter(({ response }) => response.statusCode === 200);
  revoke(agent.servers, token);
  for (const events of open) {
    expect(await events.next()).toMatchObject({ id, status: 'queued' });
    expect(await events.next()).toBeUndefined();
  }
});

test('there is no stream of an operation that is not there', async () => {
  for (const id of ['oabcdefghij123456789', 'not-an-id', '%00']) {
    const answer = await agent.call('GET', `/v1/operations/${id}/events`);
    expect([answer.status, answer.headers['content-type']]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
    ]);
  }
});

test.each([
  '/v1/domains?limit=0',
  '/v1/domains?limit=201',
  '/v1/domains?limit=x',
  '/v1/domains?limit=1&limit=2',
  '/v1/domains?cursor=not-one',
  '/v1/domains?cursor=',
  `/v1/domains?cursor=${'a'.repeat(401)}`,
  '/v1/domains?name=*.example',
  '/v1/domains?unknown=1',
  '/v1/domains?__proto__=1',
  '/v1/databases?cursor=QQ',
  '/v1/operations?status=odd',
  '/v1/operations?resource=1',
  '/v1/operations?cursor=LTE',
  '/v1/server?token=x',
  '/v1/health/live?x=1',
])('%s is refused, with the parameter at fault', async (path) => {
  const answer = await agent.call('GET', path);
  const [, parameter] = /\?([^=]*)=/.exec(path) ?? [];
  expect([answer.status, Problem.parse(answer.json).errors?.map(({ field }) => field)]).toEqual([
    422,
    [parameter],
  ]);
});
