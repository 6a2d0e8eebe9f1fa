import { setTimeout as pause } from 'node:timers/promises';
import { resource, startAgent, TOKEN } from './agent.ts';
import type { Agent } from './agent.ts';

let agent: Agent;
beforeAll(async () => {
  agent = await startAgent();
});
afterAll(() => agent.stop());

const headers = { 'x-forwarded-for': '203.0.113.7' };

function audit(): string[][] {
  return agent.servers.sql(
    'SELECT actor, address, action, resource, outcome FROM sculptor.audit ORDER BY seq',
  );
}

test('a write that was accepted stands in the audit with who asked, from where, for what', async () => {
  const answer = await agent.call('POST', '/v1/domains', { body: { name: 'seen.example' }, headers });
  expect(audit()).toEqual([
    ['tokenoftests', '203.0.113.7', 'domain.create', resource(answer, 'domain').id, 'accepted'],
  ]);
});

test('so does one that was refused, with why', async () => {
  const before = audit().length;
  for (const [method, path, body] of [
    ['POST', '/v1/domains', { name: 'b ad' }],
    ['POST', '/v1/domains', { name: 'seen.example' }],
    ['DELETE', '/v1/databases/nothing', undefined],
  ] as const)
    await agent.call(method, path, body === undefined ? { headers } : { body, headers });
  // They are written after the answer.
  while (audit().length < before + 3) await pause(10);
  const rows = audit().slice(before).sort();
  expect(rows).toEqual([
    ['tokenoftests', '203.0.113.7', 'DELETE', '/v1/databases/nothing', 'refused:not-found'],
    ['tokenoftests', '203.0.113.7', 'POST', '/v1/domains', 'refused:invalid-input'],
    ['tokenoftests', '203.0.113.7', 'POST', '/v1/domains', 'refused:name-taken'],
  ]);
});

test('an address of any length is noted as far as there is room', async () => {
  const before = audit().length;
  await agent.call('DELETE', `/v1/databases/${'a'.repeat(500)}?token=${TOKEN}`);
  while (audit().length < before + 1) await pause(10);
  const row = audit().at(-1);
  expect(row?.[3]).toBe(`/v1/databases/${'a'.repeat(46)}`);
});
