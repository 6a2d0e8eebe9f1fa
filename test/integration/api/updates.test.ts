import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { putServerFact } from '../../../state/server-facts.ts';
import { operationId, SERVER, startAgent } from './agent.ts';
import type { Agent, Call } from './agent.ts';
import { makeTenant, makeToken } from './made-tokens.ts';

/* The distribution's updates: seen by administrators, and asked for once at a time. */

const UPDATES = '/v1/server/updates';
const INSTALL = `${UPDATES}/install`;
const OTHER = 'othertenant0';
const SEEN = {
  pending: {
    ...{ security: [{ name: 'nginx', from: '1.0', to: '1.1' }], more: 0, heldBack: [], others: 4 },
    listsReadAt: '2026-01-31T06:00:00.000Z',
  },
  ...{ last: null, reboot: ['linux-image-amd64'], lookedAt: '2026-01-31T07:00:00.000Z' },
};
const DONE = { status: 'succeeded', resource: 'as-before' } as const;

let agent: Agent;
let worker: State;
beforeAll(async () => {
  agent = await startAgent();
  worker = openState(agent.servers.state('sculptor'));
  makeTenant(agent.servers, OTHER);
});
afterAll(async () => {
  await worker.close();
  await agent.stop();
});

test('what nobody has looked at yet is not known, and not that nothing waits', async () => {
  const { status, json } = await agent.call('GET', UPDATES);
  expect([status, json['type']]).toEqual([503, 'urn:sculptor:problem:unavailable']);
});

test('what the worker has seen is shown, and that none is being installed', async () => {
  await putServerFact(worker, SERVER, { name: 'updates', value: SEEN });
  expect((await agent.call('GET', UPDATES)).json).toEqual({ ...SEEN, installing: null });
});

test('ten who ask at once are answered with one operation, and when it is over the next is another', async () => {
  const ask = () => agent.call('POST', INSTALL);
  const answers = await Promise.all(Array.from({ length: 10 }, ask));
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(202));
  const [first = '', ...others] = answers.map(operationId);
  expect(new Set(others)).toEqual(new Set([first]));
  expect((await agent.call('GET', UPDATES)).json['installing']).toBe(first);
  expect(agent.servers.sql('SELECT type, wanted FROM sculptor.server_request')).toEqual([['update', '{}']]);
  expect(await agent.claim(first)).toBe('mine');
  expect(operationId(await ask())).toBe(first);
  agent.servers.sql(`UPDATE sculptor.operation SET status = 'queued' WHERE id = '${first}'`);
  await agent.end(first, DONE);
  const next = operationId(await ask());
  expect(next).not.toBe(first);
  expect((await agent.call('GET', `/v1/operations/${next}`)).json).toMatchObject({
    ...{ kind: 'update.install', status: 'queued', tenant: 'default' },
    resource: { type: 'update', name: 'machine.example' },
  });
  await agent.end(next, DONE);
});

describe('changes nothing and', () => {
  let before: unknown;
  beforeAll(() => (before = agent.snapshot()));
  afterEach(() => expect(agent.snapshot()).toEqual(before));

  test.each([
    ['a body', { body: { now: true } }, [422, 'invalid-input']],
    ['another query', { query: '?now=true' }, [422, 'invalid-input']],
    ['to be planned', { query: '?plan=true' }, [422, 'no-plan']],
    ['to be done for a tenant', { headers: { 'sculptor-tenant': OTHER } }, [403, 'forbidden']],
  ])('refuses %s', async (_, { query = '', ...more }: Call & { query?: string }, refusal) => {
    const { status, json } = await agent.call('POST', `${INSTALL}${query}`, more);
    expect([status, String(json['type']).replace('urn:sculptor:problem:', '')]).toEqual(refusal);
  });
});

test('of an administrator who acts for a tenant, and of a tenant, nothing is told', async () => {
  const acting = await agent.call('GET', UPDATES, { headers: { 'sculptor-tenant': OTHER } });
  expect(acting.status).toBe(403);
  const { headers } = makeToken(agent.servers, { tenant: OTHER, scopes: ['server:read', 'operations:read'] });
  expect((await agent.call('GET', UPDATES, { headers })).status).toBe(403);
  expect((await agent.call('GET', '/v1/operations', { headers })).json['items']).toEqual([]);
});
