import { createHash } from 'node:crypto';
import { DomainId, ServerId } from '../../../contract/ids.ts';
import { Problem } from '../../../contract/problems.ts';
import { Cache } from '../../../contract/site-parts.ts';
import { openState } from '../../../state/connection.ts';
import { putServerFact } from '../../../state/server-facts.ts';
import { LIVE, operationId, resource, startAgent } from './agent.ts';
import type { Agent } from './agent.ts';

const CACHE = '/v1/domains/shop.example/cache';

let agent: Agent;
let domain: DomainId;
beforeEach(async () => {
  agent = await startAgent();
  const made = await agent.call('POST', '/v1/domains', { body: { name: 'shop.example' } });
  domain = DomainId.parse(resource(made, 'domain').id);
  await agent.end(operationId(made), LIVE);
});
afterEach(() => agent.stop());

const sha256 = (text: unknown) => createHash('sha256').update(String(text)).digest('hex');
const hashes = () =>
  agent.servers.sql(
    `SELECT JSON_VALUE(spec, '$.passwordHash') FROM sculptor.site_part_version WHERE type = 'cache' ORDER BY generation`,
  );

test('one is made with a password that stands in the first answer alone, and of which the hash is kept', async () => {
  const headers = { 'idempotency-key': 'once-and-no-more' };
  const made = await agent.call('POST', CACHE, { headers });
  expect(made.status).toBe(202);
  const password = made.json['password'];
  expect(password).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(hashes()).toEqual([[sha256(password)]]);
  const again = await agent.call('POST', CACHE, { headers });
  expect([again.status, again.json['password']]).toEqual([202, null]);
  expect(JSON.stringify(agent.snapshot())).not.toContain(String(password));
});

test('it is shown with how it is reached, and without any hash', async () => {
  await agent.end(operationId(await agent.call('POST', CACHE)), LIVE);
  const { json } = await agent.call('GET', CACHE);
  expect(Cache.parse(json)).toMatchObject({
    name: 'cache',
    domain,
    status: 'live',
    memoryBytes: 33_554_432,
    socket: '/run/sculptor-cache/redis.sock',
    username: `s-${domain}`,
    prefix: `${domain}:`,
    usage: null,
  });
});

test('what was measured is shown with its time, of this site alone', async () => {
  await agent.end(operationId(await agent.call('POST', CACHE)), LIVE);
  const state = openState(agent.servers.state('sculptor'));
  const usage = { bytes: 5, keys: 1, dropped: 2, writesRefused: true };
  const observedAt = '2026-01-01T00:00:00.000Z';
  const caches = [
    { id: 'd0otherother', ...usage, bytes: 7 },
    { id: domain, ...usage },
  ];
  await putServerFact(state, ServerId.parse('default'), { name: 'caches', value: { observedAt, caches } });
  await state.close();
  expect((await agent.call('GET', CACHE)).json['usage']).toEqual({ ...usage, observedAt });
});

test('a site has one, and another when that is gone', async () => {
  await agent.end(operationId(await agent.call('POST', CACHE)), LIVE);
  const second = await agent.call('POST', CACHE);
  expect(second.status).toBe(409);
  expect(Problem.parse(second.json).type).toBe('urn:sculptor:problem:name-taken');
  const removed = await agent.call('DELETE', CACHE);
  await agent.end(operationId(removed), { status: 'succeeded', resource: 'deleted' });
  expect((await agent.call('GET', CACHE)).status).toBe(404);
  expect((await agent.call('POST', CACHE)).status).toBe(202);
});

test('another size keeps the password, another password keeps the size', async () => {
  await agent.end(operationId(await agent.call('POST', CACHE)), LIVE);
  const larger = await agent.call('PATCH', CACHE, { body: { memoryBytes: 67_108_864 } });
  expect(larger.json).not.toHaveProperty('password');
  await agent.end(operationId(larger), LIVE);
  const rotated = await agent.call('POST', `${CACHE}/rotate-password`);
  await agent.end(operationId(rotated), LIVE);
  const [first, second, third] = hashes();
  expect(second).toEqual(first);
  expect(third).toEqual([sha256(rotated.json['password'])]);
  expect((await agent.call('GET', CACHE)).json['memoryBytes']).toBe(67_108_864);
});

test.each([
  [{ memoryBytes: 1_048_575 }, 'memoryBytes'],
  [{ memoryBytes: 1_073_741_825 }, 'memoryBytes'],
  [{ memoryBytes: '32M' }, 'memoryBytes'],
  [{ memoryBytes: 33_554_432.5 }, 'memoryBytes'],
  [{ passwordHash: 'a'.repeat(64) }, 'passwordHash'],
])('%j is refused with its field, and nothing is written', async (body, field) => {
  const before = agent.snapshot();
  const refused = await agent.call('POST', CACHE, { body });
  expect(refused.status).toBe(422);
  expect(Problem.parse(refused.json).errors?.[0]?.field).toBe(field);
  expect(agent.snapshot()).toEqual(before);
});

test('a site of the shared user has none, and says why', async () => {
  const body = { name: 'pool.example', isolation: 'pool' };
  await agent.end(operationId(await agent.call('POST', '/v1/domains', { body })), LIVE);
  const refused = await agent.call('POST', '/v1/domains/pool.example/cache');
  expect([refused.status, refused.json['detail']]).toEqual([
    409,
    expect.stringContaining('has no cache of its own') as string,
  ]);
});
