import { randomUUID } from 'node:crypto';
import { Problem } from '../../../contract/problems.ts';
import { Scope, Token } from '../../../contract/tokens.ts';
import { items, nextAddress, startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';
import { makeTenant, makeToken } from './made-tokens.ts';

const OTHER = 'othertenant0';
let agent: Agent;
beforeAll(async () => {
  agent = await startAgent();
  makeTenant(agent.servers, OTHER);
});
afterAll(() => agent.stop());

function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}

type Headers = Readonly<Record<string, string>>;

function create(wanted: object, headers: Headers = {}): Promise<Answer> {
  const body = { name: 'panel', scopes: ['server:read'], expiresAt: inDays(30), ...wanted };
  return agent.call('POST', '/v1/tokens', { body, headers });
}

function token({ json }: Answer): Token {
  return Token.parse(json['token']);
}

/** Headers with the token of an answer. */
function withSecret({ json }: Answer): { readonly authorization: string } {
  return { authorization: `Bearer ${String(json['secret'])}` };
}

async function refusal(answer: Promise<Answer>): Promise<readonly unknown[]> {
  const { json } = await answer;
  expect(json).toHaveProperty('detail');
  const { status, errors } = Problem.parse(json);
  return [status, errors?.map(({ field }) => field)];
}

test('the administrator makes a token for a tenant; its text is in this answer and nowhere else', async () => {
  const expiresAt = inDays(30);
  const addresses = ['203.0.113.0/24', '2001:db8::1'];
  const answer = await create({
    tenant: OTHER,
    scopes: ['server:read', 'domains:read'],
    expiresAt,
    addresses,
  });
  expect(answer.status).toBe(201);
  const { secret } = answer.json as { secret: string };
  expect(secret).toMatch(/^sculptor_[A-Za-z0-9_-]{43}$/);
  expect(token(answer)).toEqual({
    id: expect.any(String),
    name: 'panel',
    role: 'tenant',
    tenant: OTHER,
    scopes: ['domains:read', 'server:read'],
    addresses: ['203.0.113.0/24', '2001:db8::1/128'],
    expiresAt,
    madeBy: 'tokenoftests',
    status: 'active',
    createdAt: expect.any(String),
    lastUsedAt: null,
    lastUsedFrom: null,
  });
  expect((await agent.call('GET', `/v1/tokens/${token(answer).id}`)).json).toEqual(answer.json['token']);
  expect(JSON.stringify(agent.snapshot())).not.toContain(secret);
  expect(JSON.stringify((await agent.call('GET', '/v1/tokens')).json)).not.toContain(secret);
  expect(agent.log()).not.toContain(secret);
});

test('a repetition makes no second token, and does not tell the first again', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const wanted = { expiresAt: inDays(1) };
  const first = await create(wanted, headers);
  const again = await create(wanted, headers);
  expect([again.status, again.headers['idempotent-replayed'], again.json['secret']]).toEqual([
    201,
    'true',
    null,
  ]);
  expect(token(again)).toEqual(token(first));
  expect(await refusal(create({ expiresAt: inDays(2) }, headers))).toEqual([409, undefined]);
});

test.each([
  [{ name: '' }, 'name'],
  [{ name: 'a\nb' }, 'name'],
  [{ scopes: [] }, 'scopes'],
  [{ scopes: ['everything'] }, 'scopes.0'],
  [{ role: 'administrator' }, 'role'],
  [{ madeBy: 'tokenoftests' }, 'madeBy'],
  [{ tenant: 'nosuchtenant' }, 'tenant'],
  [{ tenant: "x' OR 1" }, 'tenant'],
  [{ expiresAt: undefined }, 'expiresAt'],
  [{ expiresAt: null }, 'expiresAt'],
  [{ expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
  [{ expiresAt: inDays(367) }, 'expiresAt'],
  [{ expiresAt: 'tomorrow' }, 'expiresAt'],
  [{ addresses: ['10.0.0.0/33'] }, 'addresses.0'],
  [{ addresses: ['10.0.0/8'] }, 'addresses.0'],
  [{ addresses: ['::ffff:10.0.0.1'] }, 'addresses.0'],
  [{ addresses: ['panel.example'] }, 'addresses.0'],
  [{ addresses: Array<string>(51).fill('10.0.0.1') }, 'addresses'],
])('%j is refused, with the field', async (wanted, field) => {
  const before = agent.snapshot();
  expect(await refusal(create(wanted))).toEqual([422, [field]]);
  expect(agent.snapshot()).toEqual(before);
});

describe('a token made by a token', () => {
  const scopes = ['tokens:write', 'tokens:read', 'server:read'];
  const addresses = ['203.0.113.0/24', '2001:db8::/32'];
  const from = { 'x-forwarded-for': '203.0.113.7' };
  let maker: Answer;
  let headers: Headers;
  let expiresAt: string;
  beforeAll(async () => {
    expiresAt = inDays(30);
    maker = await create({ scopes, addresses, expiresAt });
    headers = { ...withSecret(maker), ...from };
  });

  test.each([
    ['with a scope more', { scopes: ['server:read', 'domains:read'] }, 'scopes'],
    ['for another tenant', { tenant: OTHER }, 'tenant'],
    ['for a tenant that does not exist', { tenant: 'nosuchtenant' }, 'tenant'],
    ['that ends later', { expiresAt: inDays(31) }, 'expiresAt'],
    ['for everywhere', { addresses: [] }, 'addresses'],
    ['for a wider network', { addresses: ['203.0.0.0/16'] }, 'addresses'],
    ['for another network beside', { addresses: ['203.0.113.7', '198.51.100.1'] }, 'addresses'],
    ['for all of IPv6', { addresses: ['::/0'] }, 'addresses'],
  ])('%s is refused', async (_, wanted, field) => {
    const before = agent.snapshot();
    expect(await refusal(create({ expiresAt, ...wanted }, headers))).toEqual([403, [field]]);
    expect(agent.snapshot()).toEqual(before);
  });

  test('has its addresses where it names none, and may have less', async () => {
    const same = token(await create({ expiresAt }, headers));
    expect([same.addresses, same.madeBy]).toEqual([addresses, token(maker).id]);
    const narrow = await create({ expiresAt, addresses: ['203.0.113.128/25', '2001:db8:7::/48'] }, headers);
    expect(narrow.status).toBe(201);
  });

  test('ends it and what it made, and no other', async () => {
    const child = token(await create({ expiresAt }, headers));
    const beside = token(await create({}));
    const revoke = (id: string): Promise<Answer> => agent.call('DELETE', `/v1/tokens/${id}`, { headers });
    expect(await refusal(revoke(beside.id))).toEqual([403, undefined]);
    expect(await refusal(revoke('tokenoftests'))).toEqual([404, undefined]);
    const answer = await revoke(child.id);
    expect([answer.status, token(answer).status]).toEqual([200, 'revoked']);
    expect((await revoke(child.id)).status).toBe(200);
    expect(token(await revoke(token(maker).id)).status).toBe('revoked');
    expect((await agent.call('GET', '/v1/server', { headers })).status).toBe(401);
  });
});

test('the fourth in a line of makers makes no more', async () => {
  let headers: Headers = {};
  const wanted = { scopes: ['tokens:write'], expiresAt: inDays(1) };
  for (let count = 0; count < 4; count += 1) {
    const made = await create(wanted, headers);
    expect(made.status).toBe(201);
    headers = withSecret(made);
  }
  expect(await refusal(create(wanted, headers))).toEqual([403, undefined]);
});

test('a token revoked by the administrator takes with it all that came of it', async () => {
  const maker = await create({ scopes: ['tokens:write', 'server:read'], expiresAt: inDays(2) });
  const good = await create({ expiresAt: inDays(1) }, withSecret(maker));
  await agent.call('DELETE', `/v1/tokens/${token(maker).id}`);
  expect((await agent.call('GET', '/v1/server', { headers: withSecret(good) })).status).toBe(401);
  const { json } = await agent.call('GET', `/v1/tokens/${token(good).id}`);
  expect(Token.parse(json).status).toBe('revoked');
});

test('lists come in pages, with every token for the administrator and its own for a tenant', async () => {
  const seen: string[] = [];
  for (let address = '/v1/tokens?limit=2'; address !== '';) {
    const page = await agent.call('GET', address);
    seen.push(...items(page).map(({ id }) => id));
    address = nextAddress('/v1/tokens?limit=2', page);
  }
  const all = agent.servers.sql('SELECT id FROM sculptor.token ORDER BY id').flat();
  expect(seen).toEqual(all);
  const { headers } = makeToken(agent.servers, { tenant: OTHER, scopes: ['tokens:read'] });
  const own = items(await agent.call('GET', '/v1/tokens?limit=200', { headers }));
  expect(new Set(own.map((one) => one['tenant']))).toEqual(new Set([OTHER]));
});

test('a row that cannot be read hides no other', async () => {
  agent.servers
    .sql(`SET check_constraint_checks = 0; INSERT INTO sculptor.token (id, sha256, name, scopes, expires_at, made_by)
    VALUES ('!', 'x', 'x', 'x', UTC_TIMESTAMP(), 'tokenoftests')`);
  const page = await agent.call('GET', '/v1/tokens?limit=1');
  agent.servers.sql("DELETE FROM sculptor.token WHERE id = '!'");
  expect([page.status, page.json['items'], typeof page.json['next']]).toEqual([200, [], 'string']);
});

test('its last use is shown, written once in ten minutes, with no request waiting for it', async () => {
  const { id, headers } = makeToken(agent.servers, { scopes: Scope.options });
  for (const from of ['203.0.113.7', '203.0.113.8'])
    await agent.call('GET', '/v1/server', { headers: { ...headers, 'x-forwarded-for': from } });
  let shown: Token;
  do shown = Token.parse((await agent.call('GET', `/v1/tokens/${id}`)).json);
  while (shown.lastUsedAt === null);
  expect(shown.lastUsedFrom).toBe('203.0.113.7');
  expect(shown.lastUsedAt).toMatch(/^20..-..-..T..:.0:00\.000Z$/);
  const rows = agent.servers.sql(`SELECT COUNT(*) FROM sculptor.token_use WHERE token_id = '${id}'`);
  expect(rows).toEqual([['1']]);
});

test('what is done with tokens stands in the audit, under the id of the one that did it', async () => {
  const made = token(await create({}));
  await agent.call('DELETE', `/v1/tokens/${made.id}`);
  const rows = agent.servers.sql(
    `SELECT actor, action, outcome FROM sculptor.audit WHERE resource = '${made.id}'`,
  );
  expect(rows).toEqual([
    ['tokenoftests', 'token.create', 'accepted'],
    ['tokenoftests', 'token.revoke', 'accepted'],
  ]);
});

test('a token that is taken for its id is in no log and in no audit', async () => {
  const made = await create({});
  const { secret } = made.json as { secret: string };
  for (const method of ['GET', 'DELETE'])
    expect((await agent.call(method, `/v1/tokens/${secret}`)).status).toBe(404);
  expect(agent.log()).toContain('/v1/tokens/[secret]');
  const audit = agent.servers.sql('SELECT * FROM sculptor.audit');
  expect(agent.log() + JSON.stringify(audit)).not.toContain(secret);
});
