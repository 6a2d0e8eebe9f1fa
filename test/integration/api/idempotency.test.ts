import { randomUUID } from 'node:crypto';
import { Problem } from '../../../contract/problems.ts';
import { operationId, startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';

let agent: Agent;
beforeAll(async () => {
  agent = await startAgent();
});
afterAll(() => agent.stop());

function send(key: string, path: string, body: object): Promise<Answer> {
  return agent.call('POST', path, { body, headers: { 'idempotency-key': key } });
}

test('a repeated request gets the answer of the first, and nothing is written', async () => {
  const key = randomUUID();
  const first = await send(key, '/v1/domains', { name: 'once.example', aliases: ['a.once.example'] });
  const before = agent.snapshot();
  const second = await send(key, '/v1/domains', { aliases: ['a.once.example'], name: 'once.example' });
  expect([first.status, first.headers['idempotent-replayed']]).toEqual([202, undefined]);
  expect([second.status, second.headers['idempotent-replayed']]).toEqual([202, 'true']);
  expect(second.json).toEqual(first.json);
  expect(second.headers['location']).toBe(first.headers['location']);
  expect(agent.snapshot()).toEqual(before);
});

test('a repeated request for a user is answered without the password, and says so', async () => {
  await send(randomUUID(), '/v1/databases', { name: 'replayed' });
  const key = randomUUID();
  const first = await send(key, '/v1/databases/replayed/users', { name: 'replayed' });
  const second = await send(key, '/v1/databases/replayed/users', { name: 'replayed' });
  expect(first.json['password']).toMatch(/^.{43}$/);
  expect(second.json).toEqual({ ...first.json, password: null, note: expect.stringContaining('shown once') });
  const rotation = randomUUID();
  const path = '/v1/databases/replayed/users/replayed/rotate-password';
  const [one, two] = [await send(rotation, path, {}), await send(rotation, path, {})];
  expect(operationId(two)).toBe(operationId(one));
  expect([one.json['password'], two.json['password']]).toEqual([expect.any(String), null]);
});

test.each([
  ['body', '/v1/domains', { name: 'different.example' }],
  ['address', '/v1/databases', { name: 'kept' }],
])('a key that stood for another %s is refused', async (_, path, body) => {
  const key = randomUUID();
  await send(key, '/v1/domains', { name: `${key}.example` });
  const before = agent.snapshot();
  const answer = await send(key, path, body);
  expect(answer.status).toBe(409);
  expect(Problem.parse(answer.json)).toMatchObject({
    status: 409,
    type: 'urn:sculptor:problem:idempotency-mismatch',
  });
  expect(agent.snapshot()).toEqual(before);
});

test('a key that stood for another method is refused', async () => {
  const key = randomUUID();
  const headers = { 'idempotency-key': key };
  await send(randomUUID(), '/v1/databases', { name: 'methods' });
  expect((await agent.call('DELETE', '/v1/databases/methods', { headers })).status).toBe(202);
  const answer = await agent.call('POST', '/v1/databases', { body: { name: 'methods' }, headers });
  expect(Problem.parse(answer.json).type).toBe('urn:sculptor:problem:idempotency-mismatch');
});

test('of many at once with one key, one is done and all get its answer', async () => {
  for (const [path, body] of [
    ['/v1/domains', { name: 'at-once.example' }],
    ['/v1/databases', { name: 'at_once' }],
    ['/v1/databases/at_once/users', { name: 'at_once' }],
    ['/v1/databases/at_once/users/at_once/rotate-password', {}],
  ] as const) {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 6 }, () => send(key, path, body)));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(6).fill(202));
    expect(new Set(answers.map(operationId)).size).toBe(1);
    const replayed = answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true');
    expect(replayed.length).toBe(5);
  }
});

test('of two requests at once with one key, one is done and the other refused', async () => {
  const key = randomUUID();
  const answers = await Promise.all([
    send(key, '/v1/domains', { name: 'left.example' }),
    send(key, '/v1/domains', { name: 'right.example' }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
  const held = agent.servers.sql(
    "SELECT name FROM sculptor.domain_name WHERE name IN ('left.example', 'right.example')",
  );
  expect(held.length).toBe(1);
});

test('a request that was refused leaves its key unused', async () => {
  const key = randomUUID();
  expect((await send(key, '/v1/domains', { name: 'n o' })).status).toBe(422);
  expect((await send(key, '/v1/domains', { name: 'at-once.example' })).status).toBe(409);
  expect((await send(key, '/v1/domains', { name: 'second-try.example' })).status).toBe(202);
});

test('the key of one token means nothing for another', async () => {
  const key = randomUUID();
  await send(key, '/v1/domains', { name: 'mine.example' });
  agent.servers.sql(`INSERT INTO sculptor.token (id, sha256, role, name)
    VALUES ('othertoken00', SHA2('other', 256), 'administrator', 'other')`);
  const headers = { 'idempotency-key': key, authorization: 'Bearer other' };
  const answer = await agent.call('POST', '/v1/domains', { body: { name: 'mine.example' }, headers });
  expect(Problem.parse(answer.json).type).toBe('urn:sculptor:problem:name-taken');
});

test.each(['', ' ', 'a b', 'a\tb', 'a'.repeat(129), 'caf\u00e9'])('%j is no key', async (key) => {
  const before = agent.snapshot();
  const answer = await send(key, '/v1/domains', { name: 'keyless.example' });
  const { status, errors } = Problem.parse(answer.json);
  expect([status, errors?.map(({ field }) => field)]).toEqual([422, ['Idempotency-Key']]);
  expect(agent.snapshot()).toEqual(before);
});

test('the key itself is not stored', async () => {
  const key = randomUUID();
  await send(key, '/v1/domains', { name: 'unread.example' });
  expect(JSON.stringify(agent.snapshot())).not.toContain(key);
  expect(agent.log()).not.toContain(key);
});
