import { sculptorctl } from './sculptorctl.ts';

const TOKEN = {
  ...{ id: 'tabcdefghij1', name: 'my panel', role: 'tenant', tenant: 'default', status: 'active' },
  ...{ scopes: ['domains:read', 'operations:read'], addresses: [], madeBy: 'tzyxwvutsrq1' },
  ...{ expiresAt: '2026-04-02T03:04:05.000Z', createdAt: '2026-01-02T03:04:05.678Z' },
  ...{ lastUsedAt: null, lastUsedFrom: null },
};
const SECRET = `sculptor_${'x'.repeat(43)}`;
const CREATE = 'POST /v1/tokens';
const made = (body: object) => ({ [CREATE]: [{ status: 201, body }] });
const create = (...more: readonly string[]) => [
  'token',
  'create',
  'my panel',
  '--scope',
  'domains:read',
  ...more,
];

test('a new token is asked for with what was given, and shown once', async () => {
  const words = create('--scope', 'operations:read', '--tenant', 'tenantabcdef', '--from', '203.0.113.0/24');
  const { code, out, err, asked } = await sculptorctl(
    [...words, '--expires', '2026-04-02T03:04:05.000Z'],
    made({ token: TOKEN, secret: SECRET }),
  );
  expect(err).toBe('');
  expect(asked[0]?.body).toEqual({
    ...{ name: 'my panel', scopes: ['domains:read', 'operations:read'] },
    ...{ addresses: ['203.0.113.0/24'], expiresAt: '2026-04-02T03:04:05.000Z' },
  });
  expect(asked[0]?.headers).toMatchObject({ 'sculptor-tenant': 'tenantabcdef' });
  expect([code, out.split('\n')[0]]).toEqual([0, `secret ${SECRET}`]);
  expect(out).toContain('id         tabcdefghij1\n');
  expect(out.split(SECRET)).toHaveLength(2);
});

test.each([
  [['--days', '7'], 7],
  [[], 90],
])('with %j it ends after %d days', async (more, days) => {
  const before = Date.now();
  const { asked } = await sculptorctl(create(...more), made({ token: TOKEN, secret: SECRET }));
  const end = Date.parse((asked[0]?.body as { expiresAt: string }).expiresAt);
  expect(end - days * 86_400_000).toBeGreaterThanOrEqual(before);
  expect(end - days * 86_400_000).toBeLessThanOrEqual(Date.now());
});

test('the secret is shown even where nothing else of the answer can be read', async () => {
  const { code, out } = await sculptorctl(create(), made({ token: { id: 7 }, secret: SECRET }));
  expect([code, out.split('\n')[0]]).toEqual([1, `secret ${SECRET}`]);
});

test('for programs it is the one document of the API', async () => {
  const answer = { token: TOKEN, secret: SECRET };
  const { out } = await sculptorctl(create('--json'), made(answer));
  expect(JSON.parse(out)).toEqual(answer);
});

test('a repeated answer holds no secret, and says so', async () => {
  const { out } = await sculptorctl(create(), made({ token: TOKEN, secret: null, note: 'once' }));
  expect(out).toContain('revoke it, make another');
});

test.each([
  ['no scope', ['token', 'create', 'my panel']],
  ['a scope that there is not', create('--scope', 'everything')],
  ['two ends', create('--days', '7', '--expires', '2026-04-02T03:04:05.000Z')],
  ['no days', create('--days', '0')],
  ['no name', ['token', 'create', '--scope', 'domains:read']],
])('with %s nothing is asked', async (_, words) => {
  const { code, asked } = await sculptorctl(words);
  expect({ code, asked }).toEqual({ code: 2, asked: [] });
});

test('the list shows whose a token is, how it stands, when it ends and what it may', async () => {
  const administrator = {
    ...TOKEN,
    role: 'administrator',
    name: 'installation',
    expiresAt: null,
    madeBy: null,
  };
  const { out } = await sculptorctl(['token', 'list'], {
    'GET /v1/tokens?limit=200': [{ status: 200, body: { items: [TOKEN, administrator], next: null } }],
  });
  const [, first = '', second = ''] = out.split('\n').map((line) => line.replace(/ {2,}/g, '|'));
  expect(first).toBe(
    'my panel|tabcdefghij1|tenant|default|active|2026-04-02T03:04:05.000Z|never|domains:read operations:read',
  );
  expect(second).toBe('installation|tabcdefghij1|administrator|default|active|never|never|all');
});

test('a scope that this version does not know is shown as it is', async () => {
  const { out } = await sculptorctl(['token', 'show', 'tabcdefghij1'], {
    'GET /v1/tokens/tabcdefghij1': [{ status: 200, body: { ...TOKEN, scopes: ['mail:read'] } }],
  });
  expect(out).toContain('scopes     mail:read\n');
});

test('a token is revoked by its id', async () => {
  const { code, out } = await sculptorctl(['token', 'revoke', 'tabcdefghij1'], {
    'DELETE /v1/tokens/tabcdefghij1': [{ status: 200, body: { token: { ...TOKEN, status: 'revoked' } } }],
  });
  expect([code, out]).toEqual([0, 'token tabcdefghij1 revoked\n']);
});

test('the trash is listed with the id that restore asks for', async () => {
  const item = { type: 'domain', id: 'dabcdefghij1', name: 'shop.example' };
  const at = { trashedAt: '2026-01-02T03:04:05.678Z', purgeAfter: '2026-01-05T03:04:05.678Z' };
  const { out } = await sculptorctl(['trash', 'list'], {
    'GET /v1/trash?limit=200': [{ status: 200, body: { items: [{ ...item, ...at }], next: null } }],
  });
  expect(out).toContain(
    'domain  shop.example  dabcdefghij1  2026-01-02T03:04:05.678Z  2026-01-05T03:04:05.678Z\n',
  );
});

test('notifications are listed as they come, those of a kind that this version does not know too', async () => {
  const one = {
    ...{ id: 7, kind: 'moved', operation: 'oabcdefghij123456789', tenant: 'default', server: 'default' },
    ...{ resource: { type: 'domain', id: 'dabcdefghij1', name: 'shop.example' }, message: 'It moved.' },
    createdAt: '2026-01-02T03:04:05.678Z',
  };
  const { out } = await sculptorctl(['notification', 'list', '--limit', '3'], {
    'GET /v1/notifications?limit=3': [{ status: 200, body: { items: [one], next: null } }],
  });
  expect(out).toContain('2026-01-02T03:04:05.678Z  moved  oabcdefghij123456789  It moved.\n');
});
