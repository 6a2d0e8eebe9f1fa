import { randomBytes, randomUUID } from 'node:crypto';
import { LIVE, operationId, resource, startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';

/* As many operations wait as may, of each tenant and of all together. */

const [MOST, MOST_OF_TENANT] = [5, 3];
let agent: Agent;
beforeAll(async () => {
  agent = await startAgent({ waitingOperations: MOST, waitingOperationsPerTenant: MOST_OF_TENANT });
});
afterAll(() => agent.stop());

async function tenant(): Promise<string> {
  const made = await agent.call('POST', '/v1/tenants', { body: { name: 'acme', plan: {} } });
  await agent.end(operationId(made), LIVE);
  return resource(made, 'tenant').id;
}

const create = (
  owner: string,
  key: string = randomUUID(),
  name = `q${randomBytes(4).toString('hex')}.example`,
) =>
  agent.call('POST', '/v1/domains', {
    body: { name },
    headers: { 'sculptor-tenant': owner, 'idempotency-key': key },
  });
const kind = ({ status, json }: Answer) => [
  status,
  String(json['type']).replace('urn:sculptor:problem:', ''),
];
const FULL = [429, 'queue-full'];

test('a tenant whose operations wait asks for no more, and another for as many as all together may be', async () => {
  const [one, other] = [await tenant(), await tenant()];
  const key = randomUUID();
  const first = await create(one, key, 'first.example');
  const asked = [first, await create(one), await create(one)];
  expect(asked.map(({ status }) => status)).toEqual([202, 202, 202]);

  const before = agent.snapshot();
  const refused = await create(one);
  expect(kind(refused)).toEqual(FULL);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(agent.snapshot()).toEqual(before);

  const others = [await create(other), await create(other)];
  expect(others.map(({ status }) => status)).toEqual([202, 202]);
  expect(kind(await create(other))).toEqual(FULL);

  // What was taken is answered as it was, however full it is.
  const again = await create(one, key, 'first.example');
  expect([again.status, operationId(again)]).toEqual([202, operationId(first)]);

  // Who fills it can be stopped, and what waits be taken back.
  const suspended = await agent.call('POST', `/v1/tenants/${one}/suspend`, { body: { reason: 'a flood' } });
  expect(suspended.status).toBe(202);
  const [waiting] = others as [Answer, Answer];
  const cancelled = await agent.call('POST', `/v1/operations/${operationId(waiting)}/cancel`, {
    headers: { 'sculptor-tenant': other },
  });
  expect(cancelled.status).toBeLessThan(300);

  for (const made of [...asked, suspended]) await agent.end(operationId(made), LIVE);
  expect((await create(other)).status).toBe(202);
});
