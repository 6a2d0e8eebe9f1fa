import { randomUUID } from 'node:crypto';
import { WantedPlan } from '../../../contract/changes.ts';
import { Problem } from '../../../contract/problems.ts';
import { LIVE, operationId, startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';
import { makeTenant, makeToken } from './made-tokens.ts';

/* What would be changed is asked for by `?plan=true`: refused as the request itself would be, and nothing of it is written. */

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const TENANT = 'plannertenan';

let agent: Agent;
beforeAll(async () => {
  agent = await startAgent({ waitingOperationsPerTenant: 100 });
  for (const body of [
    { name: 'shop.example' },
    { name: 'kept.example', protected: true },
    { name: 'shared.example', isolation: 'pool' },
  ])
    await agent.end(operationId(await agent.call('POST', '/v1/domains', { body })), LIVE);
  await agent.call('POST', '/v1/domains/shop.example/keys', { body: { name: 'anna', publicKey: KEY } });
  await agent.call('POST', '/v1/databases', { body: { name: 'shop' } });
  await agent.call('POST', '/v1/databases/shop/users', { body: { name: 'shop' } });
  makeTenant(agent.servers, TENANT, { domains: 0, queues: 0 });
});
afterAll(() => agent.stop());

type Headers = Readonly<Record<string, string>>;
type Asked = readonly [method: string, path: string, body?: object, headers?: Headers];

const ask = ([method, path, body, own]: Asked, query = '', headers: Headers = own ?? {}): Promise<Answer> =>
  agent.call(method, `/v1${path}${query}`, { ...(body === undefined ? {} : { body }), headers });
const plan = (asked: Asked, headers?: Headers): Promise<Answer> => ask(asked, '?plan=true', headers);

/** Rows of each table; the plan, its operation, and what notes every request aside. */
function rows(): unknown {
  const tables = agent.servers
    .sql(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'sculptor' AND table_type = 'BASE TABLE'
        AND table_name NOT IN ('audit', 'token_use', 'planned_change', 'operation') ORDER BY 1`,
    )
    .flat();
  const text = tables.map((table) => `SELECT '${table}'; SELECT * FROM sculptor.${table};`).join('\n');
  return agent.servers.sql(
    `${text} SELECT * FROM sculptor.operation WHERE kind <> 'change.plan' ORDER BY seq`,
  );
}

function wantedOf(answer: Answer): WantedPlan {
  const [[text = ''] = []] = agent.servers.sql(
    `SELECT HEX(p.wanted) FROM sculptor.planned_change p JOIN sculptor.operation o ON o.resource_id = p.change_id
      WHERE o.id = '${operationId(answer)}'`,
  );
  return WantedPlan.parse(JSON.parse(Buffer.from(text, 'hex').toString()));
}

const PLANS: readonly (readonly [kind: string, asked: Asked])[] = [
  ['domain.create', ['POST', '/domains', { name: 'new.example', protected: true }]],
  ['domain.update', ['PATCH', '/domains/shop.example', { aliases: ['www.shop.example'] }]],
  ['domain.delete', ['DELETE', '/domains/shop.example']],
  ['key.create', ['POST', '/domains/shop.example/keys', { name: 'bert', publicKey: KEY }]],
  ['key.delete', ['DELETE', '/domains/shop.example/keys/anna']],
  ['queue.create', ['POST', '/domains/shop.example/queues', { name: 'mails', command: ['true'] }]],
  [
    'cron.create',
    ['POST', '/domains/shop.example/crons', { name: 'nightly', schedule: '@daily', command: ['true'] }],
  ],
  ['cache.create', ['POST', '/domains/shop.example/cache', {}]],
  ['certificate.update', ['PUT', '/domains/shop.example/certificate', { kind: 'self-signed' }]],
  ['database.create', ['POST', '/databases', { name: 'another' }]],
  ['database.update', ['PATCH', '/databases/shop', { protected: true }]],
  ['database.delete', ['DELETE', '/databases/shop']],
  ['databaseUser.create', ['POST', '/databases/shop/users', { name: 'another' }]],
  ['databaseUser.update', ['PATCH', '/databases/shop/users/shop', { privileges: 'read' }]],
  ['databaseUser.rotate', ['POST', '/databases/shop/users/shop/rotate-password']],
  ['databaseUser.delete', ['DELETE', '/databases/shop/users/shop']],
  ['tenant.create', ['POST', '/tenants', { name: 'another' }]],
  ['tenant.update', ['PATCH', `/tenants/${TENANT}`, { name: 'other' }]],
  ['tenant.suspend', ['POST', `/tenants/${TENANT}/suspend`, { reason: 'because' }]],
  ['tenant.delete', ['DELETE', `/tenants/${TENANT}`]],
];

test.each(PLANS)('a plan of %s is accepted, and writes nothing but itself', async (kind, asked) => {
  const before = rows();
  const answer = await plan(asked);
  expect([answer.status, answer.json]).toMatchObject([
    202,
    { operation: { kind: 'change.plan', status: 'queued', resource: { type: 'change' } } },
  ]);
  expect(Object.keys(answer.json)).toEqual(['operation']);
  expect(rows()).toEqual(before);
  const shown = kind === 'certificate.update' ? 'certificate.create' : kind;
  expect(wantedOf(answer).changes.map((one) => one.kind)).toEqual([shown]);
  expect(JSON.stringify(wantedOf(answer))).not.toMatch(/"\*[0-9A-F]{40}"|"(?!0{64})[0-9a-f]{64}"/);
});

test('the audit says who asked for a plan, and of what', async () => {
  const answer = await plan(['PATCH', '/domains/shop.example', { enabled: false }]);
  const id = String((await agent.call('GET', '/v1/domains/shop.example')).json['id']);
  const line = agent.servers.sql(
    `SELECT actor, action, resource, outcome FROM sculptor.audit WHERE detail = 'operation ${operationId(answer)}'`,
  );
  expect(line).toEqual([['tokenoftests', 'change.plan', id, 'accepted']]);
});

test('what its type usually has is planned with a site', async () => {
  const answer = await plan(['POST', '/domains', { name: 'laravel.example', type: 'laravel' }]);
  const kinds = wantedOf(answer).changes.map(({ kind }) => kind);
  expect(kinds[0]).toBe('domain.create');
  expect(kinds).toContain('queue.create');
});

test('what a tenant has is planned with its removal', async () => {
  const id = 'withsometena';
  makeTenant(agent.servers, id);
  const headers = { 'sculptor-tenant': id };
  await agent.call('POST', '/v1/domains', { body: { name: 'tenants.example' }, headers });
  const { changes, left } = wantedOf(await plan(['DELETE', `/tenants/${id}`]));
  expect(changes.map(({ kind, tenant }) => [kind, tenant])).toEqual([
    ['tenant.delete', 'default'],
    ['domain.delete', id],
  ]);
  expect(left).toBe(0);
});

const OF_TENANT = { 'sculptor-tenant': TENANT };
test.each<readonly [what: string, status: number, asked: Asked]>([
  ['a name that is taken', 409, ['POST', '/domains', { name: 'shop.example' }]],
  ['a value that cannot be used', 422, ['POST', '/domains', { name: 'a b.example' }]],
  ['a field that there is not', 422, ['PATCH', '/domains/shop.example', { nonsense: true }]],
  ['no change at all', 422, ['PATCH', '/domains/shop.example', {}]],
  ['a site that is not there', 404, ['DELETE', '/domains/none.example']],
  ['a site that is protected', 409, ['DELETE', '/domains/kept.example']],
  [
    'a key for a site that has none',
    409,
    ['POST', '/domains/shared.example/keys', { name: 'a', publicKey: KEY }],
  ],
  [
    'a key of a name that is taken',
    409,
    ['POST', '/domains/shop.example/keys', { name: 'anna', publicKey: KEY }],
  ],
  ['more than the plan of a tenant allows', 409, ['POST', '/domains', { name: 'full.example' }, OF_TENANT]],
  ['a PHP that is not installed', 422, ['PATCH', '/domains/shop.example', { phpVersion: '7.4' }]],
  ['what does not lie in the trash', 409, ['POST', '/domains/shop.example/restore']],
  ["the administrators' own tenant", 409, ['DELETE', '/tenants/default']],
  ['a database of a name that is taken', 409, ['POST', '/databases', { name: 'shop' }]],
])('of %s a plan is refused with %d as the request itself is', async (_, status, asked) => {
  const before = agent.snapshot();
  const planned = await plan(asked);
  const real = await ask(asked);
  expect([planned.status, planned.json]).toEqual([status, real.json]);
  expect(real.status).toBe(status);
  expect(agent.snapshot()).toEqual(before);
});

const UNPLANNED: readonly Asked[] = [
  ['POST', '/domains/shop.example/move', { tenant: TENANT }],
  ['POST', '/domains/shop.example/drift'],
  ['POST', '/domains/shop.example/drift/repair'],
  ['POST', '/domains/shop.example/runs', { command: ['true'] }],
  ['POST', '/tokens', { name: 'x', scopes: ['domains:read'], expiresAt: '2999-01-01T00:00:00Z' }],
];
const titled = UNPLANNED.map((asked) => [`${asked[0]} ${asked[1]}`, asked] as const);
test.each(titled)('%s cannot be planned, which is said before anything is written', async (_, asked) => {
  const before = agent.snapshot();
  const answer = await plan(asked);
  expect([answer.status, Problem.parse(answer.json).type]).toEqual([422, 'urn:sculptor:problem:no-plan']);
  expect(agent.snapshot()).toEqual(before);
});

test.each(['?plan=false', '?plan=1', '?plan=true&plan=true', '?plan=true&x=y', '?plan'])(
  'a query of %s is refused, and nothing is written',
  async (query) => {
    const before = agent.snapshot();
    const answer = await ask(['DELETE', '/domains/shop.example'], query);
    expect([answer.status, answer.json['type']]).toEqual([422, 'urn:sculptor:problem:invalid-input']);
    expect(agent.snapshot()).toEqual(before);
  },
);

test('nothing is read as a plan', async () => {
  expect((await plan(['GET', '/domains/shop.example'])).status).toBe(422);
});

test('a key that came with a plan does the request itself afterwards, once', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const asked: Asked = ['POST', '/domains', { name: 'afterwards.example' }];
  expect((await plan(asked, headers)).json['operation']).toMatchObject({ kind: 'change.plan' });
  const real = await ask(asked, '', headers);
  expect([real.status, real.json['operation']]).toMatchObject([202, { kind: 'domain.create' }]);
  const again = await ask(asked, '', headers);
  expect([again.headers['idempotent-replayed'], operationId(again)]).toEqual(['true', operationId(real)]);
  expect((await plan(asked, headers)).status).toBe(409);
});

const FOUND = {
  left: 0,
  changes: [
    {
      kind: 'domain.update',
      resource: { type: 'domain', id: 'aaaaaaaaaaaa', name: 'shop.example' },
      differences: [
        {
          step: 'configure PHP',
          words: 'another',
          files: [
            { path: '/etc/a', words: 'changed', diff: '--- /etc/a (as it is)\n-by hand\n' },
            { path: '/etc/b', words: 'made', diff: '--- /dev/null\n+++ /etc/b\n+as it is to be\n' },
          ],
        },
      ],
    },
  ],
};

test('what a plan found is shown at its address, and what stands in a file on the server to administrators alone', async () => {
  const answer = await plan(['PATCH', '/domains/shop.example', { enabled: false }]);
  const path = `/v1/operations/${operationId(answer)}`;
  expect((await agent.call('GET', path)).json['plan']).toBeNull();
  agent.servers.sql(`UPDATE sculptor.planned_change p JOIN sculptor.operation o ON o.resource_id = p.change_id
    SET p.result = '${JSON.stringify(FOUND).replaceAll('\\', '\\\\')}' WHERE o.id = '${operationId(answer)}'`);
  const all = (await agent.call('GET', path)).text;
  expect([all.includes('-by hand'), all.includes('+as it is to be')]).toEqual([true, true]);
  const { headers } = makeToken(agent.servers);
  const some = (await agent.call('GET', path, { headers })).text;
  expect([some.includes('-by hand'), some.includes('+as it is to be'), some.includes('/etc/a')]).toEqual([
    ...[false, true, true],
  ]);
});

test('plans wait in the queue like what they are plans of, and no more of them than may', async () => {
  let last = await plan(['DELETE', '/domains/shop.example']);
  for (let count = 0; last.status === 202 && count < 120; count += 1)
    last = await plan(['DELETE', '/domains/shop.example']);
  expect([last.status, last.json['type']]).toEqual([429, 'urn:sculptor:problem:queue-full']);
});
