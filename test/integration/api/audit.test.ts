import { setTimeout as pause } from 'node:timers/promises';
import { LIVE, nextAddress, operationId, resource, startAgent, TOKEN } from './agent.ts';
import type { Agent } from './agent.ts';
import { makeToken } from './made-tokens.ts';

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

/** What the audit has got since it had so many rows, once it has as many more. */
async function written(before: number, more: number): Promise<string[][]> {
  while (audit().length < before + more) await pause(10);
  return audit().slice(before);
}

test('so does what was read, once a minute, with how often', async () => {
  const before = audit().length;
  await agent.call('GET', '/v1/domains?name=seen.example', { headers });
  expect(await written(before, 1)).toEqual([
    ['tokenoftests', '203.0.113.7', 'GET', '/v1/domains', 'answered'],
  ]);
});

test('whoever is not let in stands there with why, and whose token it was where it was one', async () => {
  const ended = makeToken(agent.servers);
  agent.servers.sql(`INSERT INTO sculptor.token_revocation (token_id, actor) VALUES ('${ended.id}', 'root')`);
  const before = audit().length;
  for (const authorization of [undefined, 'Bearer of nothing', ended.headers.authorization])
    await agent.call('GET', '/v1/tokens', { headers: { ...headers, authorization: authorization ?? '' } });
  await written(before, 2);
  expect(
    agent.servers.sql(
      "SELECT actor, outcome, times, detail FROM sculptor.audit WHERE resource = '/v1/tokens' ORDER BY actor",
    ),
  ).toEqual(
    [
      ['nobody', 'refused:unauthenticated', '2', 'token: none'],
      [ended.id, 'refused:unauthenticated', '1', 'token: revoked'],
    ].sort(),
  );
});

test('an operation stands there when it is asked for and when it has ended', async () => {
  const answer = await agent.call('POST', '/v1/domains', { body: { name: 'ends.example' }, headers });
  await agent.end(operationId(answer), LIVE);
  const id = operationId(answer);
  expect(
    agent.servers.sql(`SELECT source, actor, action, resource, outcome FROM sculptor.audit
      WHERE detail = 'operation ${id}' ORDER BY seq`),
  ).toEqual([
    ['api', 'tokenoftests', 'domain.create', resource(answer, 'domain').id, 'accepted'],
    ['worker', 'worker-privileged', 'domain.create', resource(answer, 'domain').id, 'succeeded'],
  ]);
});

test('a write that was answered again stands there as that', async () => {
  const again = { ...headers, 'idempotency-key': 'once' };
  const before = audit().length;
  for (let time = 0; time < 2; time += 1)
    await agent.call('POST', '/v1/domains', { body: { name: 'twice.example' }, headers: again });
  expect((await written(before, 2)).map(([, , , , outcome]) => outcome).sort()).toEqual([
    'accepted',
    'replayed',
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
  expect((await written(before, 3)).sort()).toEqual([
    ['tokenoftests', '203.0.113.7', 'DELETE', '/v1/databases/nothing', 'refused:not-found'],
    ['tokenoftests', '203.0.113.7', 'POST', '/v1/domains', 'refused:invalid-input'],
    ['tokenoftests', '203.0.113.7', 'POST', '/v1/domains', 'refused:name-taken'],
  ]);
});

describe('an administrator', () => {
  const list = (query: string) => agent.call('GET', `/v1/audit?${query}`);

  test('reads it, the newest first, a page at a time', async () => {
    let address = '/v1/audit?limit=2';
    const ids: number[] = [];
    while (address !== '') {
      const page = await agent.call('GET', address);
      ids.push(...(page.json['items'] as { id: number }[]).map(({ id }) => id));
      address = nextAddress('/v1/audit?limit=2', page);
    }
    expect(ids.length).toBeGreaterThan(5);
    expect(ids).toEqual([...new Set(ids)].sort((one, other) => other - one));
  });

  test.each([
    ['actor=worker-privileged', { actor: 'worker-privileged' }],
    ['action=domain.create&outcome=accepted', { action: 'domain.create', outcome: 'accepted' }],
    ['resource=%2Fv1%2Ftokens', { resource: '/v1/tokens' }],
    ['outcome=refused', { outcome: expect.stringMatching(/^refused:/) }],
    ['outcome=refused:name-taken', { outcome: 'refused:name-taken' }],
  ])('finds %s', async (query, expected) => {
    const found = (await list(query)).json['items'] as unknown[];
    expect(found.length).toBeGreaterThan(0);
    for (const one of found) expect(one).toMatchObject(expected);
  });

  test('finds what is of a time', async () => {
    const [newest] = (await list('limit=1')).json['items'] as { at: string }[];
    expect((await list(`until=${newest?.at ?? ''}`)).json['items']).not.toContainEqual(newest);
    expect((await list('until=2020-01-01T00:00:00Z')).json).toEqual({ items: [], next: null });
    expect((await list(`since=${newest?.at ?? ''}`)).json['items']).not.toEqual([]);
  });

  test.each(['actor=', 'actor=a%0a', 'since=yesterday', 'tenant=default', 'limit=0'])(
    'is refused %s',
    async (query) => {
      expect((await list(query)).status).toBe(422);
    },
  );
});

test('an address of any length is noted as far as there is room', async () => {
  const before = audit().length;
  await agent.call('DELETE', `/v1/databases/${'a'.repeat(500)}?token=${TOKEN}`);
  // What was read before is noted in its own time.
  while (audit().length < before + 1) await pause(10);
  const noted = () => audit().slice(before);
  while (!noted().some((row) => row[3]?.startsWith('/v1/databases/') === true)) await pause(10);
  expect(noted().map((row) => row[3])).toContain(`/v1/databases/${'a'.repeat(46)}`);
});
