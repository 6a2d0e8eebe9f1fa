import { createHash } from 'node:crypto';
import { Problem } from '../../contract/problems.ts';
import {
  api,
  API_SOCKET,
  type Call,
  createDatabase,
  createDomain,
  createUser,
  exchange,
  type Method,
  ready,
  unique,
} from './agent.ts';
import { must, rootSql } from './server.ts';

const LONG = 'a'.repeat(64);
const NAMES: readonly unknown[] = [
  ...['', ' ', '.', '..', '-', '*', 'example', 'localhost', 'com', 'co.uk', 'github.io'],
  ...[
    'a b.example',
    'a\tb.example',
    'x;rm.example',
    '`id`.example',
    '$(id).example',
    'a|b.example',
    'a&b.example',
  ],
  ...[
    'a>b.example',
    "a'b.example",
    'a"b.example',
    'a\\b.example',
    'a{}.example',
    'a#b.example',
    'a%b.example',
  ],
  ...[
    'a%2e.example',
    'a%00.example',
    '*.example.com',
    'a.*.example',
    'test..com',
    '.example.com',
    'a.example..',
  ],
  ...[
    '-a.example',
    'a-.example',
    'a_b.example',
    `${LONG}.example`,
    `${'a.'.repeat(127)}example`,
    'xn--',
    'xn--.example',
  ],
  ...[
    'xn--a.example',
    'xn--\u00e4.example',
    'a.com\n',
    '\na.com',
    'a.com\r\n',
    'a\u0000.com',
    'a.com\u0000.example',
  ],
  ...[
    'a\u2028.com',
    'a\u007f.com',
    'a\u001b[31m.com',
    'a\u202eb.com',
    '../etc',
    '../../etc/passwd',
    '/etc/passwd',
  ],
  ...[
    'a/../b.example',
    'a.example/',
    'http://a.example',
    'a.example:80',
    'user@a.example',
    'a.example?x',
    'a,b.example',
  ],
  ...[
    '127.0.0.1',
    '0x7f.0.0.1',
    '1.2.3',
    '::1',
    '[::1]',
    '2130706433',
    'a.1',
    'a.example b.example',
    'a.example;',
  ],
  ...[null, 1, true, [], {}, ['a.example'], { toString: 'a.example' }],
];

type Row = readonly [field: string, body: unknown];
const DOMAIN_FIELDS: readonly Row[] = [
  ...[undefined, ...NAMES].map((name) => ['name', { name }] as const),
  ...['a.example', 1, {}, null].map((aliases) => ['aliases', { aliases }] as const),
  ...['*.example', 'a b', '../x', '', null, 1].map((alias) => ['aliases.0', { aliases: [alias] }] as const),
  ['aliases.1', { aliases: ['ok.example', 'not ok'] }],
  ['aliases', { aliases: Array.from({ length: 101 }, (_, number) => `n${number}.example`) }],
  ...['ruby', '', 'PHP', null, 1, ['php']].map((type) => ['type', { type }] as const),
  ...['8', '8.2.1', 'latest', '../8.2', '8.2\n', 8.2, null].map(
    (phpVersion) => ['phpVersion', { phpVersion }] as const,
  ),
  ...[
    '/',
    '/etc',
    '..',
    'public/..',
    'public/../private',
    'private',
    'public/',
    'public//web',
    'public/.git',
    '',
    null,
  ].map((publicDirectory) => ['publicDirectory', { publicDirectory }] as const),
  ...['public/a b', 'public/a;b', 'public/a\nb', 'public/$x', 'public/a/b/c/d/e', 'public\u0000', 1].map(
    (publicDirectory) => ['publicDirectory', { publicDirectory }] as const,
  ),
  ...['none', '', 'root', null, 1].map((isolation) => ['isolation', { isolation }] as const),
  ...['yes', 1, null, 'true'].map((enabled) => ['enabled', { enabled }] as const),
  ...['user', 'home', 'path', 'id', 'tenant', 'constructor'].map(
    (extra) => [extra, { [extra]: 'x' }] as const,
  ),
];

const DATABASE_NAMES: readonly unknown[] = [
  ...[
    '',
    'A',
    'Shop',
    '1shop',
    '_shop',
    'a-b',
    'a b',
    'a`b',
    "a'b",
    'a%',
    'a.b',
    'a/b',
    '../a',
    'a\n',
    'a\u0000',
    'ä',
  ],
  ...[
    'mysql',
    'sys',
    'information_schema',
    'performance_schema',
    'sculptor',
    'sculptor_door',
    'test',
    'a'.repeat(49),
  ],
  ...[undefined, null, 1, [], {}],
];
const USER_NAMES: readonly unknown[] = [
  ...[
    '',
    'A',
    '1u',
    '_u',
    'a-b',
    'a b',
    "a'b",
    'a@localhost',
    'a\n',
    'a%',
    'root',
    'mysql',
    'sculptor',
    'www_data',
  ],
  ...['public', 'a'.repeat(33), undefined, null, 1, [], {}],
];

let domain: string;
let database: string;
let before: Record<string, string>;

/** Everything that a request could have changed: files, accounts, databases, grants, the agent's state. */
function server(): Record<string, string> {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  const files = must('find', [
    ...['/etc', '/home', '/var/lib/sculptor', '/var/lib/sculptor-root', '/run/sculptor-php', '-xdev'],
    ...['-not', '-path', '/var/lib/sculptor-root/audit*'],
    // What is measured each minute, what is held while something is looked at, and what is dumped each day.
    ...['sizes', 'locks', 'state-dumps'].flatMap((name) => [
      '-not',
      '-path',
      `/var/lib/sculptor-root/${name}*`,
    ]),
    // A folder of an overlay has another size when something in it was moved up.
    ...[
      '(',
      '-type',
      'd',
      '-printf',
      '%p %y %m %u %g %T@\\n',
      '-o',
      '-printf',
      '%p %y %m %u %g %s %T@ %l\\n',
      ')',
    ],
  ]);
  const grants = rootSql(
    'SELECT User, Host, Priv FROM mysql.global_priv; SELECT * FROM mysql.db; SHOW DATABASES',
  );
  const dump = [
    '--no-defaults',
    '--socket=/run/mysqld/mysqld.sock',
    '--skip-dump-date',
    '--databases',
    'sculptor',
  ];
  // What the server tells of itself now and then, whoever asks for what.
  const told = [
    'audit',
    'audit_seal',
    'server_fact',
    'database_size',
    'domain_size',
    'part_report',
    'drift',
  ].concat([...['health_sample', 'alarm', 'site_check']]);
  const ignored = told.map((table) => `--ignore-table=sculptor.${table}`);
  return {
    files: digest(files.split('\n').sort().join('\n')),
    passwd: digest(must('getent', ['passwd'])),
    grants: digest(grants),
    state: digest(must('mariadb-dump', [...dump, ...ignored, 'sculptor_door'])),
  };
}

beforeAll(async () => {
  await ready();
  domain = (await createDomain({ name: `${unique('bad')}.example` })).id;
  database = (await createDatabase(unique('bad'))).id;
  before = server();
});

afterEach(() => {
  expect(server()).toEqual(before);
});

test('what is compared here does change when something is made', async () => {
  await createDomain({ name: `${unique('seen')}.example` });
  const database = await createDatabase(unique('seen'));
  await createUser(database.id, { name: unique('seen') });
  const after = server();
  expect(Object.keys(after).filter((key) => after[key] === before[key])).toEqual([]);
  before = after;
});

/** The fields that the answer names; fails where it is no problem document. */
async function refused(method: Method, path: string, call: Call): Promise<string[]> {
  const answer = await api(method, path, call);
  expect([path, JSON.stringify(call.body), answer.status]).toEqual([path, JSON.stringify(call.body), 422]);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  const problem = Problem.parse(answer.json);
  expect(problem.type).toBe('urn:sculptor:problem:invalid-input');
  for (const error of problem.errors ?? []) expect(error.expected).not.toBe('');
  return (problem.errors ?? []).map(({ field }) => field);
}

test('over forty host names are refused, each with the field it stands in', async () => {
  expect(NAMES.length).toBeGreaterThan(40);
  for (const [field, body] of DOMAIN_FIELDS) {
    const wanted = { name: `${unique('x')}.example`, ...(body as object) };
    expect([wanted, await refused('POST', '/v1/domains', { body: wanted })]).toEqual([wanted, [field]]);
  }
});

test('the same values are refused in a change of a domain', async () => {
  for (const [field, body] of DOMAIN_FIELDS.filter(([field]) => !['name', 'isolation'].includes(field))) {
    expect([body, await refused('PATCH', `/v1/domains/${domain}`, { body })]).toEqual([body, [field]]);
  }
  expect(await refused('PATCH', `/v1/domains/${domain}`, { body: { name: 'b.example' } })).toEqual(['name']);
  expect(await refused('PATCH', `/v1/domains/${domain}`, { body: { isolation: 'pool' } })).toEqual([
    'isolation',
  ]);
  await refused('PATCH', `/v1/domains/${domain}`, { body: {} });
});

test('names of databases and of their users are refused', async () => {
  for (const name of DATABASE_NAMES) {
    expect([name, await refused('POST', '/v1/databases', { body: { name } })]).toEqual([name, ['name']]);
  }
  const users = `/v1/databases/${database}/users`;
  for (const name of USER_NAMES) {
    expect([name, await refused('POST', users, { body: { name } })]).toEqual([name, ['name']]);
  }
  for (const privileges of ['root', '', null, 1, 'ALL', ['all']]) {
    expect(await refused('POST', users, { body: { name: 'fine', privileges } })).toEqual(['privileges']);
  }
  expect(await refused('POST', users, { body: { name: 'fine', password: 'mine' } })).toEqual(['password']);
});

test("the server's own name is nobody's domain", async () => {
  const config = JSON.parse(must('cat', ['/etc/sculptor/agent.json'])) as { serverName: string };
  const answer = await api('POST', '/v1/domains', { body: { name: config.serverName } });
  expect([409, 422]).toContain(answer.status);
});

test.each([
  ['no JSON', '{', 400, 'invalid-json'],
  ['nothing', '', 400, 'invalid-json'],
  ['a list', '[]', 400, 'invalid-json'],
  ['a text', '"x"', 400, 'invalid-json'],
  ['null', 'null', 400, 'invalid-json'],
  ['half of an object', '{"name":"a.example"', 400, 'invalid-json'],
  ['bytes that are no text', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 400, 'invalid-json'],
  ['very deep lists', '['.repeat(50_000), 400, 'invalid-json'],
  ['a megabyte', JSON.stringify({ name: 'a'.repeat(1_000_000) }), 413, 'too-large'],
])('a body that is %s is refused', async (...[, raw, status, kind]) => {
  const answer = await api('POST', '/v1/domains', { raw });
  expect(answer.json).toMatchObject({ status, type: `urn:sculptor:problem:${kind}` });
  expect(answer.status).toBe(status);
});

test('a field called __proto__ is a field that nobody knows', async () => {
  const raw = '{"name":"proto.example","__proto__":{"isolation":"pool"}}';
  const answer = await api('POST', '/v1/domains', { raw });
  expect([answer.status, answer.json['type']]).toEqual([422, 'urn:sculptor:problem:invalid-input']);
});

test.each([
  ['text/plain', 415],
  ['application/x-www-form-urlencoded', 415],
  ['text/json', 415],
])('a body of type %s is refused', async (type, status) => {
  const answer = await api('POST', '/v1/domains', {
    raw: '{"name":"t.example"}',
    headers: { 'content-type': type },
  });
  expect(answer.json).toMatchObject({ status, type: 'urn:sculptor:problem:unsupported-media-type' });
});

test.each(['', ' ', 'a b', 'a'.repeat(129), 'caf\u00e9'])('%j is no Idempotency-Key', async (key) => {
  const answer = await api('POST', '/v1/databases', {
    body: { name: 'keyed' },
    headers: { 'idempotency-key': key },
  });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
});

test.each([
  ['no token', {}],
  ['a wrong token', { authorization: 'Bearer wrong' }],
  ['an empty token', { authorization: 'Bearer ' }],
  ['another scheme', { authorization: 'Basic cm9vdDpyb290' }],
])('with %s nothing is read or written', async (_, headers) => {
  for (const [method, path] of [
    ['GET', '/v1/domains'],
    ['POST', '/v1/domains'],
    ['GET', '/v1/operations'],
    ['GET', '/v1/server'],
  ]) {
    const answer = await exchange({ socketPath: API_SOCKET, host: 'localhost', method, path, headers });
    expect([path, answer.status, answer.json['type']]).toEqual([
      path,
      401,
      'urn:sculptor:problem:unauthenticated',
    ]);
  }
});

test.each([
  ['GET', '/v1/domains/nothing.example', 404],
  ['GET', '/v1/domains/..%2f..%2fetc', 404],
  ['GET', '/v1/domains/%00', 404],
  ['DELETE', '/v1/databases/nothing', 404],
  ['GET', '/v1/operations/oabcdefghij123456789', 404],
  ['POST', '/v1/operations/oabcdefghij123456789/cancel', 404],
  ['GET', '/v1/nothing', 404],
  ['GET', '/', 404],
  ['GET', '/v1/domains?limit=0', 422],
  ['GET', '/v1/domains?limit=201', 422],
  ['GET', '/v1/domains?limit=x', 422],
  ['GET', '/v1/domains?cursor=not-one', 422],
  ['GET', '/v1/operations?status=odd', 422],
  ['GET', '/v1/domains?unknown=1', 422],
] as const)('%s %s is answered with %i and a problem document', async (method, path, status) => {
  const answer = await api(method, path);
  expect([answer.status, answer.headers['content-type']?.split(';')[0]]).toEqual([
    status,
    'application/problem+json',
  ]);
});

test('an address that takes no such method says so', async () => {
  const answer = await api('DELETE', '/v1/domains');
  expect(answer.json).toMatchObject({ status: 405, type: 'urn:sculptor:problem:method-not-allowed' });
});
