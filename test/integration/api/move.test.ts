import { randomBytes } from 'node:crypto';
import { items, LIVE, operationId, resource, startAgent } from './agent.ts';
import type { Agent, Answer, Call } from './agent.ts';
import { makeToken } from './made-tokens.ts';
import type { Ending } from '../../../state/outcomes.ts';

/* A domain that is given to another tenant, with all that belongs to it. */

let agent: Agent;
beforeAll(async () => {
  agent = await startAgent();
});
afterAll(() => agent.stop());

async function tenant(plan: object = {}): Promise<string> {
  const made = await agent.call('POST', '/v1/tenants', { body: { name: 'acme', plan } });
  await agent.end(operationId(made), LIVE);
  return resource(made, 'tenant').id;
}

const FAILED: Ending = {
  status: 'failed',
  resource: 'failed',
  failure: { code: 'plan_limit', message: 'No room.', hint: 'Make some.' },
};

const as = (id: string, body?: unknown): Call => ({
  ...(body === undefined ? {} : { body }),
  headers: { 'sculptor-tenant': id },
});
const ask = (id: string, ...[method, path, body]: readonly [string, string, unknown?]) =>
  agent.call(method, path, as(id, body));
const problem = ({ status, json }: Answer) => [
  status,
  String(json['type']).replace('urn:sculptor:problem:', ''),
];

async function domain(owner: string, more: object = {}) {
  const name = `m${randomBytes(4).toString('hex')}.example`;
  const made = await ask(owner, 'POST', '/v1/domains', { name, ...more });
  expect(made.status).toBe(202);
  await agent.end(operationId(made), LIVE);
  return { name, id: resource(made, 'domain').id };
}

async function cron(owner: string, site: string): Promise<string> {
  const body = { name: 'tick', schedule: '@daily', command: ['/usr/bin/true'] };
  const made = await ask(owner, 'POST', `/v1/domains/${site}/crons`, body);
  await agent.end(operationId(made), LIVE);
  return resource(made, 'cron').id;
}

const move = (owner: string, site: string, to: string) =>
  ask(owner, 'POST', `/v1/domains/${site}/move`, { tenant: to });
const counts = async (id: string) =>
  (await agent.call('GET', `/v1/tenants/${id}/usage`)).json['counts'] as Record<string, number>;

test('a domain that was moved is the other tenant’s, with what belongs to it, its names and its count', async () => {
  const [from, to] = [await tenant(), await tenant({ domains: 1, crons: 1 })];
  const { id, name } = await domain(from, { aliases: [] });
  const part = await cron(from, id);
  const asked = await move(from, name, to);
  expect(asked.status).toBe(202);
  await agent.end(operationId(asked), LIVE);

  expect(problem(await ask(from, 'GET', `/v1/domains/${id}`))).toEqual([404, 'not-found']);
  expect((await ask(to, 'GET', `/v1/domains/${name}`)).json).toMatchObject({
    id,
    tenant: to,
    status: 'live',
  });
  expect((await ask(to, 'GET', `/v1/domains/${id}/crons/${part}`)).json).toMatchObject({ tenant: to });
  expect(items(await ask(from, 'GET', '/v1/domains'))).toEqual([]);
  expect([(await counts(from))['domains'], (await counts(from))['crons']]).toEqual([0, 0]);
  expect([(await counts(to))['domains'], (await counts(to))['crons']]).toEqual([1, 1]);
  // Its name is its new owner's: a name below it is for that one alone.
  expect((await ask(from, 'POST', '/v1/domains', { name: `sub.${name}` })).status).toBe(409);
  // Whoever asked for it sees how it ended.
  expect((await ask(from, 'GET', `/v1/operations/${operationId(asked)}`)).json).toMatchObject({
    status: 'succeeded',
    kind: 'domain.move',
  });
  expect((await ask(from, 'GET', '/v1/notifications')).text).toContain(
    `The site ${name} was given to another tenant.`,
  );

  const change = await ask(to, 'PATCH', `/v1/domains/${id}`, { enabled: false });
  expect(change.status).toBe(202);
  expect(await agent.claim(operationId(change))).toBe('mine');
});

test('one that failed leaves it where it was', async () => {
  const [from, to] = [await tenant(), await tenant()];
  const { id } = await domain(from);
  await agent.end(operationId(await move(from, id, to)), FAILED);
  expect((await ask(from, 'GET', `/v1/domains/${id}`)).json).toMatchObject({
    tenant: from,
    status: 'failed',
  });
  expect(problem(await ask(to, 'GET', `/v1/domains/${id}`))).toEqual([404, 'not-found']);
});

test('while it is on its way nothing else is asked of it', async () => {
  const [from, to] = [await tenant(), await tenant()];
  const { id } = await domain(from);
  await move(from, id, to);
  const before = agent.snapshot();
  for (const [method, path, body] of [
    ['PATCH', `/v1/domains/${id}`, { enabled: false }],
    ['DELETE', `/v1/domains/${id}`],
    ['POST', `/v1/domains/${id}/move`, { tenant: 'default' }],
    ['POST', `/v1/domains/${id}/crons`, { name: 'x', schedule: '@daily', command: ['/usr/bin/true'] }],
  ] as const)
    expect(problem(await ask(from, method, path, body))).toEqual([409, 'conflict']);
  expect(problem(await agent.call('DELETE', `/v1/tenants/${from}`))).toEqual([409, 'conflict']);
  expect(agent.snapshot()).toEqual(before);
});

test('an older change is not taken for done because of it', async () => {
  const [from, to] = [await tenant(), await tenant()];
  const { id } = await domain(from);
  const change = await ask(from, 'PATCH', `/v1/domains/${id}`, { enabled: false });
  await move(from, id, to);
  expect(await agent.claim(operationId(change))).toBe('mine');
});

describe('it is refused, and nothing is written,', () => {
  async function refused(answer: Promise<Answer>, expected: readonly [number, string]) {
    const before = agent.snapshot();
    expect(problem(await answer)).toEqual(expected);
    expect(agent.snapshot()).toEqual(before);
  }

  test('to whoever is no administrator', async () => {
    const [from, to] = [await tenant(), await tenant()];
    const { id } = await domain(from);
    const { headers } = makeToken(agent.servers, { tenant: from });
    const call = { body: { tenant: to }, headers };
    await refused(agent.call('POST', `/v1/domains/${id}/move`, call), [403, 'forbidden']);
  });

  test('where the plan has no room for it or for what belongs to it', async () => {
    const from = await tenant();
    const { id } = await domain(from);
    await refused(move(from, id, await tenant({ domains: 0 })), [409, 'plan-limit']);
    await cron(from, id);
    await refused(move(from, id, await tenant({ crons: 0 })), [409, 'plan-limit']);
  });

  test('to a tenant that there is not, that has it already, that is deleted or suspended', async () => {
    const [from, to] = [await tenant(), await tenant()];
    const { id } = await domain(from);
    await refused(move(from, id, 'tenantnot123'), [422, 'invalid-input']);
    await refused(move(from, id, from), [422, 'invalid-input']);
    await agent.end(
      operationId(await agent.call('POST', `/v1/tenants/${to}/suspend`, { body: { reason: 'unpaid' } })),
      LIVE,
    );
    await refused(move(from, id, to), [409, 'conflict']);
  });

  test('where it is protected, lies in the trash, or has a name under one of its former owner’s', async () => {
    const [from, to] = [await tenant(), await tenant()];
    await refused(move(from, (await domain(from, { protected: true })).id, to), [409, 'protected']);
    const { id, name } = await domain(from);
    const sub = await ask(from, 'POST', '/v1/domains', { name: `sub.${name}` });
    await agent.end(operationId(sub), LIVE);
    await refused(move(from, id, to), [409, 'conflict']);
    const gone = await domain(from);
    await agent.end(operationId(await ask(from, 'DELETE', `/v1/domains/${gone.id}`)), {
      status: 'succeeded',
      resource: { purgeAfter: new Date('2999-01-01') },
    });
    await refused(move(from, gone.id, to), [409, 'conflict']);
  });
});
