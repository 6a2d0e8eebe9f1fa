import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { putServerFact } from '../../../state/server-facts.ts';
import { operationId, SERVER, startAgent } from './agent.ts';
import type { Agent, Call } from './agent.ts';
import { makeTenant, makeToken } from './made-tokens.ts';

/* Whom fail2ban keeps off: seen by administrators, and asked for by them. */

const BANS = '/v1/server/bans';
const OTHER = 'othertenant0';
const SEEN = {
  ...{ jails: ['sshd', 'sculptor-api'], more: 0, seenAt: '2026-01-31T07:00:00.000Z' },
  bans: [
    {
      address: '198.51.100.7',
      jail: 'sshd',
      since: '2026-01-31T06:30:00.000Z',
      until: '2026-01-31T07:30:00.000Z',
    },
  ],
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

test('what nobody has looked at yet is not known, and not that nobody is banned', async () => {
  const { status, json } = await agent.call('GET', BANS);
  expect([status, json['type']]).toEqual([503, 'urn:sculptor:problem:unavailable']);
});

test('what the worker has seen is shown, with when that was', async () => {
  await putServerFact(worker, SERVER, { name: 'bans', value: SEEN });
  expect((await agent.call('GET', BANS)).json).toEqual(SEEN);
});

const requests = () =>
  agent.servers.sql('SELECT type, wanted FROM sculptor.server_request ORDER BY created_at, request_id');

test('a ban and its end are operations, in the one spelling of the address, one after the other', async () => {
  const asked = await agent.call('POST', BANS, { body: { address: '2001:DB8:0::7' } });
  const lifted = await agent.call('DELETE', `${BANS}/2001%3Adb8%3A%3A0007`);
  expect([asked.status, lifted.status]).toEqual([202, 202]);
  const [ban, unban] = [operationId(asked), operationId(lifted)];
  expect((await agent.call('GET', `/v1/operations/${ban}`)).json).toMatchObject({
    ...{ kind: 'address.ban', status: 'queued', tenant: 'default' },
    resource: { type: 'address', name: '2001:db8::7' },
  });
  expect((await agent.call('GET', `/v1/operations/${unban}`)).json).toMatchObject({ kind: 'address.unban' });
  expect(requests()).toEqual(
    Array(2).fill(['address', '{"address":"2001:db8::7","jails":["sshd","sculptor-api"]}']),
  );
  expect(await agent.claim(unban)).toBe('left');
  await agent.end(ban, DONE);
  await agent.end(unban, DONE);
  expect((await agent.call('GET', `/v1/operations/${ban}`)).json['status']).toBe('succeeded');
});

test('one key stands for one request, and who asked is in the audit', async () => {
  const call: Call = {
    body: { address: '198.51.100.9', jails: ['sshd'] },
    headers: { 'idempotency-key': 'once' },
  };
  const [one, again] = [await agent.call('POST', BANS, call), await agent.call('POST', BANS, call)];
  expect(operationId(again)).toBe(operationId(one));
  const other = await agent.call('POST', BANS, { ...call, body: { address: '198.51.100.10' } });
  expect(other.status).toBe(409);
  const { json } = await agent.call('GET', '/v1/audit?action=address.ban&outcome=accepted&limit=1');
  expect(json['items']).toMatchObject([{ actor: 'tokenoftests', detail: `operation ${operationId(one)}` }]);
});

describe('changes nothing and', () => {
  let before: unknown;
  beforeAll(() => (before = agent.snapshot()));
  afterEach(() => expect(agent.snapshot()).toEqual(before));

  const wanted = { address: '198.51.100.7' };
  test.each<[string, Call & { query?: string }, readonly [number, string]]>([
    ['nothing', {}, [400, 'invalid-json']],
    ['another field', { body: { ...wanted, seconds: 60 } }, [422, 'invalid-input']],
    ['no jail', { body: { ...wanted, jails: [] } }, [422, 'invalid-input']],
    ['another jail', { body: { ...wanted, jails: ['recidive'] } }, [422, 'invalid-input']],
    ['another query', { body: wanted, query: '?now=true' }, [422, 'invalid-input']],
    ['to be planned', { body: wanted, query: '?plan=true' }, [422, 'no-plan']],
    ['to be done for a tenant', { body: wanted, headers: { 'sculptor-tenant': OTHER } }, [403, 'forbidden']],
  ])('refuses %s', async (_, { query = '', ...more }, refusal) => {
    const { status, json } = await agent.call('POST', `${BANS}${query}`, more);
    expect([status, String(json['type']).replace('urn:sculptor:problem:', '')]).toEqual(refusal);
  });

  test.each([
    '127.0.0.1',
    '::1',
    '198.51.100.0/24',
    '::ffff:198.51.100.7',
    'fe80::1%eth0',
    '198.51.100',
    7,
    null,
  ])('refuses the address %j, and says what would be right', async (address) => {
    const { status, json } = await agent.call('POST', BANS, { body: { address } });
    expect([status, json['type']]).toEqual([422, 'urn:sculptor:problem:invalid-input']);
    expect(json['errors']).toMatchObject([{ field: 'address', expected: expect.stringMatching(/./) }]);
    if (typeof address !== 'string') return;
    const path = `${BANS}/${encodeURIComponent(address)}`;
    expect((await agent.call('DELETE', path)).json['errors']).toMatchObject([{ field: 'address' }]);
  });

  test.each(['203.0.113.1', '203.0.113.255', '2001:DB8:1:0::9'])(
    'refuses the panel’s %s',
    async (address) => {
      const { status, json } = await agent.call('POST', BANS, { body: { address } });
      expect([status, json['errors']]).toEqual([
        422,
        [expect.objectContaining({ field: 'address', message: 'This address is the panel’s.' })],
      ]);
    },
  );

  test('refuses the address that asks', async () => {
    const from = { headers: { 'x-forwarded-for': '198.51.100.7' }, body: wanted };
    const { status, json } = await agent.call('POST', BANS, from);
    expect([status, json['errors']]).toMatchObject([422, [{ field: 'address' }]]);
  });
});

test('of an administrator who acts for a tenant, and of a tenant, nothing is told or taken', async () => {
  const acting = { headers: { 'sculptor-tenant': OTHER } };
  const { headers } = makeToken(agent.servers, { tenant: OTHER, scopes: ['server:read', 'operations:read'] });
  for (const call of [acting, { headers }]) {
    expect((await agent.call('GET', BANS, call)).status).toBe(403);
    expect((await agent.call('DELETE', `${BANS}/198.51.100.7`, call)).status).toBe(403);
  }
});
