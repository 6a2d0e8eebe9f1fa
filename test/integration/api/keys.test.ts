import { items, LIVE, operationId, resource, startAgent } from './agent.ts';
import type { Agent } from './agent.ts';
import { Problem } from '../../../contract/problems.ts';
import { makeTenant, makeToken } from './made-tokens.ts';

const PUBLIC = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const KEYS = '/v1/domains/shop.example/keys';

let agent: Agent;
beforeEach(async () => {
  agent = await startAgent();
  await agent.end(
    operationId(await agent.call('POST', '/v1/domains', { body: { name: 'shop.example' } })),
    LIVE,
  );
});
afterEach(() => agent.stop());

const add = (name = 'anna', publicKey = PUBLIC) => agent.call('POST', KEYS, { body: { name, publicKey } });

test('a key is made by an operation, shown with its fingerprint, and removed by another', async () => {
  const made = await add('anna', `${PUBLIC} anna@laptop`);
  expect(made.status).toBe(202);
  expect(resource(made, 'key')).toMatchObject({ name: 'anna', publicKey: PUBLIC, status: 'pending' });
  await agent.end(operationId(made), LIVE);
  const read = await agent.call('GET', `${KEYS}/anna`);
  expect(read.json).toMatchObject({
    status: 'live',
    fingerprint: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/) as string,
  });
  const removed = await agent.call('DELETE', `${KEYS}/${String(read.json['id'])}`);
  await agent.end(operationId(removed), { status: 'succeeded', resource: 'deleted' });
  expect((await agent.call('GET', `${KEYS}/anna`)).status).toBe(404);
  expect((await add()).status).toBe(202);
});

test('a name is taken once on a site, and free on another', async () => {
  await add();
  const again = await add();
  expect(again.status).toBe(409);
  expect(again.json).toMatchObject({
    type: 'urn:sculptor:problem:name-taken',
    errors: [{ field: 'name' }],
  });
  await agent.end(
    operationId(await agent.call('POST', '/v1/domains', { body: { name: 'other.example' } })),
    LIVE,
  );
  const body = { name: 'anna', publicKey: PUBLIC };
  expect((await agent.call('POST', '/v1/domains/other.example/keys', { body })).status).toBe(202);
});

test.each([
  ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
  ['options', `no-pty ${PUBLIC}`],
  ['two lines', `${PUBLIC}\n${PUBLIC}`],
])('%s is refused with its field, and nothing is written', async (_what, publicKey) => {
  const before = agent.snapshot();
  const refused = await add('anna', publicKey);
  expect(refused.status).toBe(422);
  expect(Problem.parse(refused.json).errors?.[0]).toMatchObject({ field: 'publicKey' });
  expect(agent.snapshot()).toEqual(before);
});

test('they are listed by page, in the order of names', async () => {
  for (const name of ['cleo', 'anna', 'ben']) await add(name);
  const first = await agent.call('GET', `${KEYS}?limit=2`);
  expect(items(first).map(({ name }) => name)).toEqual(['anna', 'ben']);
  const second = await agent.call('GET', `${KEYS}?limit=2&cursor=${String(first.json['next'])}`);
  expect(items(second).map(({ name }) => name)).toEqual(['cleo']);
});

test('a site in the trash takes none, and with one that is purged they are gone', async () => {
  await agent.end(operationId(await add()), LIVE);
  const removed = operationId(await agent.call('DELETE', '/v1/domains/shop.example'));
  expect((await add('ben')).status).toBe(409);
  await agent.end(removed, {
    status: 'succeeded',
    resource: { purgeAfter: new Date(Date.now() + 3_600_000) },
  });
  const id = String(items(await agent.call('GET', '/v1/trash'))[0]?.['id']);
  const body = { name: 'ben', publicKey: PUBLIC };
  expect((await agent.call('POST', `/v1/domains/${id}/keys`, { body })).status).toBe(409);
});

test('a site of the shared user has none, and says why', async () => {
  const pooled = await agent.call('POST', '/v1/domains', {
    body: { name: 'pool.example', isolation: 'pool' },
  });
  await agent.end(operationId(pooled), LIVE);
  const body = { name: 'anna', publicKey: PUBLIC };
  const refused = await agent.call('POST', '/v1/domains/pool.example/keys', { body });
  expect(refused.status).toBe(409);
  expect(refused.json['detail']).toContain('isolation site');
});

test("another tenant's site is not there", async () => {
  makeTenant(agent.servers, 'othertenant0');
  const { headers } = makeToken(agent.servers, {
    tenant: 'othertenant0',
    scopes: ['keys:read', 'keys:write'],
  });
  const body = { name: 'anna', publicKey: PUBLIC };
  expect((await agent.call('POST', KEYS, { body, headers })).status).toBe(404);
  expect((await agent.call('GET', KEYS, { headers })).status).toBe(404);
});
