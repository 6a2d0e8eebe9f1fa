import { randomBytes } from 'node:crypto';
import { items, LIVE, operationId, resource, startAgent } from './agent.ts';
import type { Agent, Answer, Call } from './agent.ts';
import { makeTenant, makeToken } from './made-tokens.ts';

/* Who owns what: plans under concurrent requests, suspension, removal with all that is owned, and whom a call is for. */

let agent: Agent;
beforeAll(async () => {
  agent = await startAgent();
});
afterAll(() => agent.stop());

const TRASHED = { status: 'succeeded', resource: { purgeAfter: new Date('2999-01-01') } } as const;

async function tenant(plan: object = {}): Promise<string> {
  const made = await agent.call('POST', '/v1/tenants', { body: { name: 'acme', plan } });
  expect(made.status).toBe(202);
  await agent.end(operationId(made), LIVE);
  return resource(made, 'tenant').id;
}

const asTenant = (id: string, more: Call = {}): Call => ({
  ...more,
  headers: { ...more.headers, 'sculptor-tenant': id },
});
const create = (id: string, path: string, body: object): Promise<Answer> =>
  agent.call('POST', path, asTenant(id, { body }));
const usage = async (id: string) => (await agent.call('GET', `/v1/tenants/${id}/usage`)).json['counts'];
/** As the worker would have found it. */
function measured(site: string, database: string, octets: number): void {
  agent.servers.sql(`INSERT INTO sculptor.domain_size (domain_id, octets, enforced, measured_at)
    VALUES ('${site}', ${octets}, TRUE, '2026-01-01')`);
  agent.servers.sql(`INSERT INTO sculptor.database_size (database_id, data_octets, index_octets, measured_at)
    VALUES ('${database}', 1048000, 576, '2026-01-02')`);
}
const kind = ({ json }: Answer) => String(json['type']).replace('urn:sculptor:problem:', '');

function expectTen(answers: readonly Answer[]): void {
  const refused = answers.filter(({ status }) => status !== 202);
  expect([answers.length - refused.length, new Set(refused.map(kind))]).toEqual([
    10,
    new Set(['plan-limit']),
  ]);
}

describe('a plan of ten', () => {
  test.each([
    ['domains', '/v1/domains', (n: number) => ({ name: `site${n}.plan.example` })],
    ['databases', '/v1/databases', (n: number) => ({ name: `plan_${n}` })],
    ['tokens', '/v1/tokens', (n: number) => ({ name: `t${n}`, scopes: ['domains:read'], expiresAt: soon() })],
  ])('ends with ten %s of fifty that are asked for at once', async (what, path, body) => {
    const id = await tenant({ [what]: 10 });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => create(id, path, body(n))));
    const refused = answers.filter(({ status }) => status === 409);
    expect([answers.length - refused.length, new Set(refused.map(kind))]).toEqual([
      10,
      new Set(['plan-limit']),
    ]);
    expect(await usage(id)).toMatchObject({ [what]: 10 });
    expect(refused[0]?.json['errors']).toEqual([
      {
        field: `plan.${what}`,
        message: `The tenant has 10 ${what}, and its plan allows 10.`,
        expected: expect.stringContaining(`at most 10 ${what}`) as string,
      },
    ]);
  });

  test.each([
    ['queues', (n: number) => ({ name: `queue${n}`, command: ['/usr/bin/true'] })],
    ['crons', (n: number) => ({ name: `cron${n}`, schedule: '@daily', command: ['/usr/bin/true'] })],
    ['keys', (n: number) => ({ name: `key${n}`, publicKey: publicKey() })],
  ])('ends with ten %s of fifty that are asked for at once, on two sites', async (what, body) => {
    const id = await tenant({ [what]: 10 });
    const sites = [`one.${what}.example`, `two.${what}.example`];
    for (const name of sites) await agent.end(operationId(await create(id, '/v1/domains', { name })), LIVE);
    const ask = (n: number) => create(id, `/v1/domains/${sites[n % 2] ?? ''}/${what}`, body(n));
    expectTen(await Promise.all(Array.from({ length: 50 }, (_, n) => ask(n))));
    expect(await usage(id)).toMatchObject({ [what]: 10 });
  });

  test.each([
    ['databaseUsers', (n: number) => ({ name: `ten_user_${n}` })],
    [
      'databaseConnections',
      (n: number) => ({ name: `ten_conn_${n}`, ...(n % 2 === 0 ? {} : { maxConnections: 1 }) }),
    ],
  ])('ends with ten %s of fifty that are asked for at once, in two databases', async (what, body) => {
    const id = await tenant({ [what]: 10 });
    const databases = ['one', 'two'].map((name) => `${name}_${what.toLowerCase()}`);
    for (const name of databases)
      await agent.end(operationId(await create(id, '/v1/databases', { name })), LIVE);
    const ask = (n: number) => create(id, `/v1/databases/${databases[n % 2] ?? ''}/users`, body(n));
    expectTen(await Promise.all(Array.from({ length: 50 }, (_, n) => ask(n))));
    expect(await usage(id)).toMatchObject({ databaseUsers: 10 });
  });

  test('gives no account more connections than leaves the others theirs, and takes fewer at any time', async () => {
    const id = await tenant({ databaseConnections: 10 });
    await agent.end(operationId(await create(id, '/v1/databases', { name: 'sum_of_all' })), LIVE);
    const users = '/v1/databases/sum_of_all/users';
    for (const [name, maxConnections] of [
      ['sum_a', 6],
      ['sum_b', 3],
    ] as const)
      expect((await create(id, users, { name, maxConnections })).status).toBe(202);
    const change = (name: string, maxConnections: number | null) =>
      agent.call('PATCH', `${users}/${name}`, asTenant(id, { body: { maxConnections } }));
    const refused = await change('sum_b', 5);
    expect([kind(refused), refused.json['errors']]).toEqual([
      'plan-limit',
      [expect.objectContaining({ field: 'plan.databaseConnections' })],
    ]);
    expect((await create(id, users, { name: 'sum_c' })).status).toBe(202);
    expect(kind(await create(id, users, { name: 'sum_d' }))).toBe('plan-limit');
    expect((await change('sum_a', 2)).status).toBe(202);
    expect((await change('sum_b', 7)).status).toBe(202);
  });

  test('has room again when one is in the trash, and none for that to come back', async () => {
    const id = await tenant({ domains: 1 });
    const first = await create(id, '/v1/domains', { name: 'first.room.example' });
    await agent.end(operationId(first), LIVE);
    expect(kind(await create(id, '/v1/domains', { name: 'second.room.example' }))).toBe('plan-limit');
    const removed = await agent.call('DELETE', '/v1/domains/first.room.example', asTenant(id));
    expect(kind(await create(id, '/v1/domains', { name: 'second.room.example' }))).toBe('plan-limit');
    await agent.end(operationId(removed), TRASHED);
    expect((await create(id, '/v1/domains', { name: 'second.room.example' })).status).toBe(202);
    const back = await agent.call(
      'POST',
      `/v1/domains/${resource(first, 'domain').id}/restore`,
      asTenant(id),
    );
    expect(kind(back)).toBe('plan-limit');
  });

  test('counts the disk by what was measured, files and databases together, and says when that was', async () => {
    const id = await tenant({ diskBytes: 10 * 1024 ** 2 });
    const site = await create(id, '/v1/domains', { name: 'site.disk.example' });
    const database = await create(id, '/v1/databases', { name: 'disk_a' });
    for (const made of [site, database]) await agent.end(operationId(made), LIVE);
    const disk = async () => (await agent.call('GET', `/v1/tenants/${id}/usage`)).json['disk'];
    const nothing = { filesBytes: 0, databasesBytes: 0, usedBytes: 0, measuredAt: null };
    expect(await disk()).toEqual({ ...nothing, enforcement: 'measured' });
    measured(resource(site, 'domain').id, resource(database, 'database').id, 9 * 1024 ** 2);
    const used = 9 * 1024 ** 2 + 1024 ** 2;
    expect(await disk()).toEqual({
      filesBytes: 9 * 1024 ** 2,
      databasesBytes: 1024 ** 2,
      usedBytes: used,
      measuredAt: '2026-01-01T00:00:00.000Z',
      enforcement: 'quota',
    });

    const refused = await create(id, '/v1/domains', { name: 'more.disk.example' });
    const message = `The tenant takes ${used} bytes of the disk, measured at 2026-01-01T00:00:00.000Z, and its plan allows ${used}.`;
    expect([kind(refused), refused.json['errors']]).toEqual([
      'plan-limit',
      [
        {
          field: 'plan.diskBytes',
          message,
          expected: expect.stringContaining(`less than ${used} bytes`) as string,
        },
      ],
    ]);
    const domain = '/v1/domains/site.disk.example';
    const cron = { name: 'c', schedule: '@daily', command: ['true'] };
    expect(kind(await create(id, '/v1/databases', { name: 'disk_b' }))).toBe('plan-limit');
    expect(kind(await create(id, `${domain}/crons`, cron))).toBe('plan-limit');
    // By these room is made.
    expect((await create(id, `${domain}/runs`, { command: ['true'] })).status).toBe(202);
    const change = { enabled: false };
    expect((await agent.call('PATCH', domain, asTenant(id, { body: change }))).status).toBe(202);
    const raised = await agent.call('PATCH', `/v1/tenants/${id}`, {
      body: { plan: { diskBytes: used + 1 } },
    });
    await agent.end(operationId(raised), LIVE);
    expect((await create(id, '/v1/databases', { name: 'disk_b' })).status).toBe(202);
    const lifted = await agent.call('PATCH', `/v1/tenants/${id}`, { body: { plan: { diskBytes: null } } });
    await agent.end(operationId(lifted), LIVE);
    expect(await disk()).toMatchObject({ usedBytes: used, enforcement: null });
  });

  test('that is lowered takes nothing away, and keeps more from being made', async () => {
    const id = await tenant({ databases: 2 });
    for (const name of ['low_a', 'low_b']) await create(id, '/v1/databases', { name });
    const lowered = await agent.call('PATCH', `/v1/tenants/${id}`, { body: { plan: { databases: 1 } } });
    await agent.end(operationId(lowered), LIVE);
    expect(await usage(id)).toMatchObject({ databases: 2 });
    expect(kind(await create(id, '/v1/databases', { name: 'low_c' }))).toBe('plan-limit');
    expect(
      (await agent.call('PATCH', '/v1/databases/low_a', asTenant(id, { body: { protected: true } }))).status,
    ).toBe(202);
  });
});

describe('a suspended tenant', () => {
  test('reads and writes nothing, while an administrator may put in order what it has', async () => {
    const id = await tenant();
    const token = makeToken(agent.servers, { tenant: id });
    const suspended = await agent.call('POST', `/v1/tenants/${id}/suspend`, { body: { reason: 'unpaid' } });
    expect(suspended.status).toBe(202);
    const refused = await agent.call('POST', '/v1/domains', {
      body: { name: 'sus.example' },
      headers: token.headers,
    });
    expect([refused.status, kind(refused)]).toEqual([409, 'tenant-suspended']);
    const seen = await agent.call('GET', `/v1/tenants/${id}`, { headers: token.headers });
    expect(seen.json['suspended']).toMatchObject({ reason: 'unpaid' });
    expect((await create(id, '/v1/domains', { name: 'sus.example' })).status).toBe(202);
    const resumed = await agent.call('POST', `/v1/tenants/${id}/resume`);
    expect(resumed.status).toBe(202);
    const again = await agent.call('POST', '/v1/domains', {
      body: { name: 'sus2.example' },
      headers: token.headers,
    });
    expect(again.status).toBe(202);
    expect(kind(await agent.call('POST', `/v1/tenants/${id}/resume`))).toBe('conflict');
  });

  test('is never the administrators own', async () => {
    const suspend = await agent.call('POST', '/v1/tenants/default/suspend', { body: { reason: 'x' } });
    const removal = await agent.call('DELETE', '/v1/tenants/default');
    expect([kind(suspend), kind(removal)]).toEqual(['conflict', 'conflict']);
  });
});

describe('removing a tenant', () => {
  test('removes all that it owns first, ends its tokens, and brings back what went with it', async () => {
    const id = await tenant();
    const token = makeToken(agent.servers, { tenant: id });
    const domain = await create(id, '/v1/domains', { name: 'gone.acme.example' });
    const database = await create(id, '/v1/databases', { name: 'gone_acme' });
    for (const made of [domain, database]) await agent.end(operationId(made), LIVE);
    const removed = await agent.call('DELETE', `/v1/tenants/${id}`);
    expect((await agent.call('GET', '/v1/domains', { headers: token.headers })).status).toBe(401);
    expect(await agent.claim(operationId(removed))).toBe('left');
    const begun = items(await agent.call('GET', '/v1/operations?status=queued', asTenant(id)));
    expect(begun.map(({ kind }) => kind).sort()).toEqual(['database.delete', 'domain.delete']);
    for (const { id: operation } of begun) await agent.end(operation, TRASHED);
    await agent.end(operationId(removed), TRASHED);
    expect((await agent.call('GET', `/v1/tenants/${id}`)).json['status']).toBe('trashed');
    expect(kind(await create(id, '/v1/domains', { name: 'more.acme.example' }))).toBe('conflict');
    const restored = await agent.call('POST', `/v1/tenants/${id}/restore`);
    const coming = items(await agent.call('GET', '/v1/operations?status=queued', asTenant(id)));
    expect(coming.map(({ kind }) => kind).sort()).toEqual(['database.restore', 'domain.restore']);
    for (const { id: operation } of coming) expect(await agent.claim(operation)).toBe('left');
    await agent.end(operationId(restored), LIVE);
    for (const { id: operation } of coming) await agent.end(operation, LIVE);
    expect(await usage(id)).toMatchObject({ domains: 1, databases: 1, tokens: 0 });
    expect((await agent.call('GET', '/v1/domains', { headers: token.headers })).status).toBe(401);
  });

  test('is refused as a whole where one of its things is protected', async () => {
    const id = await tenant();
    await create(id, '/v1/domains', { name: 'kept.acme.example', protected: true });
    await create(id, '/v1/databases', { name: 'not_kept' });
    const before = agent.snapshot();
    const refused = await agent.call('DELETE', `/v1/tenants/${id}`);
    expect([kind(refused), refused.json['detail']]).toEqual([
      'protected',
      expect.stringContaining('kept.acme.example'),
    ]);
    expect(agent.snapshot()).toEqual(before);
  });
});

describe('the header Sculptor-Tenant', () => {
  test('is for administrators: of another tenant nobody else learns whether it exists', async () => {
    makeTenant(agent.servers, 'someothers00');
    const token = makeToken(agent.servers, { tenant: 'someothers00' });
    const as = (id: string) =>
      agent.call('GET', '/v1/domains', { headers: { ...token.headers, 'sculptor-tenant': id } });
    expect((await as('someothers00')).status).toBe(200);
    for (const id of ['default', 'nobodynobody']) expect(kind(await as(id))).toBe('forbidden');
  });

  test.each(['nobodynobody', '', '../etc', "a'b", 'a'.repeat(13)])('is refused with %j', async (id) => {
    const answer = await agent.call('GET', '/v1/domains', asTenant(id));
    expect([answer.status, kind(answer)]).toEqual([422, 'invalid-input']);
  });
});

test.each([
  [{}, 'name'],
  [{ name: 'a\nb' }, 'name'],
  [{ name: 'a', plan: { domains: -1 } }, 'plan.domains'],
  [{ name: 'a', plan: { domains: 1.5 } }, 'plan.domains'],
  [{ name: 'a', plan: { phpMemoryBytes: 1 } }, 'plan.phpMemoryBytes'],
  [{ name: 'a', plan: { sites: 1 } }, 'plan.sites'],
])('%j makes no tenant', async (body, field) => {
  const before = agent.snapshot();
  const answer = await agent.call('POST', '/v1/tenants', { body });
  expect([answer.status, (answer.json['errors'] as { field: string }[]).map((one) => one.field)]).toEqual([
    422,
    [field],
  ]);
  expect(agent.snapshot()).toEqual(before);
});

function publicKey(): string {
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const blob = Buffer.concat([field(Buffer.from('ssh-ed25519')), field(randomBytes(32))]);
  return `ssh-ed25519 ${blob.toString('base64')}`;
}

function soon(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}
