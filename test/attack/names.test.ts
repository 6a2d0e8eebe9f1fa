import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ROUTES } from '../../api/route-table.ts';
import {
  API_SOCKET,
  api,
  createDatabase,
  createDomain,
  createUser,
  exchange,
  ready,
  unique,
  type Answer,
  type Method,
} from '../machine/agent.ts';
import { ask, site } from '../machine/executor-conversation.ts';
import { page, place, rootSql } from '../machine/server.ts';
import { accepted, refused } from './attempt.ts';
import { newToken } from './new-tenant.ts';

/* Row 31 and rows 38 to 40: another tenant's things, and another tenant's names. */

const { serverName } = JSON.parse(readFileSync('/etc/sculptor/agent.json', 'utf8')) as { serverName: string };
type Asked = readonly [method: Method, path: string, body?: unknown];

function asks(token: string, ...[method, path, body]: Asked): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(method === 'GET' ? {} : { 'idempotency-key': randomUUID() }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const content = body === undefined ? undefined : JSON.stringify(body);
  return exchange({ socketPath: API_SOCKET, host: 'localhost', method, path, headers }, content);
}

let other: string;
let domain: { readonly id: string; readonly name: string };
let webhook: string;
let things: Readonly<Record<string, string>>;

beforeAll(async () => {
  await ready();
  other = newToken();
  domain = await createDomain({ name: `${unique('mine')}.example`, aliases: [`${unique('alias')}.example`] });
  const database = await createDatabase(unique('mine'));
  const user = await createUser(database.id, { name: unique('mine') });
  const operation = rootSql(`SELECT id FROM sculptor.operation WHERE resource_id = '${domain.id}'`).trim();
  const token = rootSql("SELECT id FROM sculptor.token WHERE name = 'installation'").trim();
  const made = await api('POST', '/v1/webhooks', { body: { url: 'https://receiver.example/mine' } });
  webhook = String((made.json['webhook'] as { id?: unknown } | undefined)?.id);
  things = {
    domain: domain.id,
    database: database.id,
    user: user.id,
    operation,
    token,
    webhook,
    delivery: '1',
  };
});

afterAll(() => api('DELETE', `/v1/webhooks/${webhook}`));

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const BODIES: Readonly<Record<string, unknown>> = {
  'POST /domains/:domain/keys': { name: 'anna', publicKey: KEY },
  'POST /domains/:domain/queues': { name: 'mails', command: ['true'] },
  'PATCH /domains/:domain/queues/:queue': { processes: 2 },
  'POST /domains/:domain/crons': { name: 'nightly', schedule: '@daily', command: ['true'] },
  'PATCH /domains/:domain/crons/:cron': { schedule: '@hourly' },
  'POST /domains/:domain/runs': { command: ['true'] },
  'PATCH /tenants/:tenant': { name: 'mine' },
  'POST /tenants/:tenant/suspend': { reason: 'because' },
  'PATCH /databases/:database/users/:user': { privileges: 'read' },
  'PATCH /domains/:domain/cache': { memoryBytes: 67_108_864 },
  'POST /domains/:domain/move': { tenant: 'default' },
  'PUT /domains/:domain/certificate': { kind: 'none' },
  'PATCH /webhooks/:webhook': { enabled: false },
  'PATCH /domains/:domain': { enabled: false },
  'PATCH /databases/:database': { protected: true },
  'POST /databases/:database/users': { name: 'intruder' },
};

/** Each address that names a thing, with the things of somebody else in it. */
const FOREIGN = Object.entries(ROUTES).flatMap(([path, methods]) =>
  path.includes(':')
    ? Object.keys(methods).map((method) => [method.toUpperCase() as Method, path] as const)
    : [],
);

/** What cannot be planned is refused for that, before anything is looked at. */
const NO_PLAN = /\/runs|\/run$|\/restart$|\/cancel$|\/tokens|\/move$|\/drift|^\/webhooks/;
const ASKED = [
  ...FOREIGN.map((one) => [...one, ''] as const),
  ...FOREIGN.filter(([method, path]) => method !== 'GET' && !NO_PLAN.test(path)).map(
    (one) => [...one, '?plan=true'] as const,
  ),
];

test('row 31: no route gives one tenant another’s things, or takes them, whatever the token may do', async () => {
  expect(FOREIGN.length).toBeGreaterThan(10);
  await refused(
    31,
    ASKED.map(([method, path, query]) => ({
      what: `${method} ${path}${query}`,
      act: async () => {
        const filled = path.replace(/:([a-z]+)/g, (_, name: string) => things[name] ?? name);
        return (await asks(other, method, `/v1${filled}${query}`, BODIES[`${method} ${path}`])).status;
      },
      // No tenant's token may do that at all, whosever it is.
      refusal:
        (path.startsWith('/tenants') && method !== 'GET') || /\/move$|\/drift|^\/server\//.test(path)
          ? 403
          : 404,
    })),
  );
});

test('row 31: lists show a tenant what is its own', async () => {
  await refused(
    31,
    [
      '/domains',
      '/databases',
      '/operations',
      `/domains?name=${domain.name}`,
      `/operations?resource=${things['domain']}`,
    ].map((path) => ({
      what: path,
      act: async () => (await asks(other, 'GET', `/v1${path}`)).json['items'],
      refusal: [],
    })),
  );
});

test('row 31: what all have asked for is shown to no tenant', async () => {
  await refused(31, [
    { what: '/audit', act: async () => (await asks(other, 'GET', '/v1/audit')).status, refusal: 403 },
  ]);
});

const takes = async (token: string, body: object) => {
  const { status, json } = await asks(token, 'POST', '/v1/domains', { type: 'static', ...body });
  return [status, json['type']];
};
const TAKEN = [409, 'urn:sculptor:problem:name-taken'];

test('row 38: nobody has another tenant’s name, its www, its alias or a child of it', async () => {
  const [alias = ''] = JSON.parse(
    rootSql(`SELECT aliases FROM sculptor.domain_version WHERE domain_id = '${domain.id}' LIMIT 1`),
  ) as string[];
  const own = `${unique('theirs')}.example`;
  const claims: readonly (readonly [string, object])[] = [
    ['the name', { name: domain.name }],
    ['the name in capitals', { name: domain.name.toUpperCase() }],
    ['its www', { name: `www.${domain.name}` }],
    ['a child', { name: `shop.eu.${domain.name}` }],
    ['its alias', { name: alias }],
    ['a child of its alias', { name: `x.${alias}` }],
    ['the name for an alias', { name: own, aliases: [domain.name] }],
    ['a child for an alias', { name: own, aliases: [`ok.${own}`, `x.${domain.name}`] }],
  ];
  await refused(
    38,
    claims.map(([what, body]) => ({ what, act: () => takes(other, body), refusal: TAKEN })),
  );
});

test('row 38: two tenants who ask for one name at once: one has it', async () => {
  const name = `${unique('race')}.example`;
  const tenants = [other, newToken(), newToken(), newToken()];
  const answers = await Promise.all(
    tenants.flatMap((token) =>
      [name, `www.${name}`].map((wanted) =>
        asks(token, 'POST', '/v1/domains', { name: wanted, type: 'static' }),
      ),
    ),
  );
  await ended(answers);
  const holders = rootSql(`SELECT COUNT(DISTINCT tenant) FROM sculptor.domain_name
    WHERE name = '${name}' OR name LIKE '%.${name}'`);
  expect(holders).toBe('1\n');
  expect(answers.filter(({ status }) => ![202, 409].includes(status))).toEqual([]);
});

/** When none of what they began is open any more. */
async function ended(answers: readonly Answer[]): Promise<void> {
  const begun = answers.flatMap(({ json }) =>
    json['operation'] ? [(json['operation'] as { id: string }).id] : [],
  );
  const open = `SELECT COUNT(*) FROM sculptor.operation WHERE ended_at IS NULL
    AND id IN ('', ${begun.map((id) => `'${id}'`).join(', ')})`;
  while (rootSql(open) !== '0\n') await pause(50);
}

test('row 38: a name that the server block of a site has answers for that site alone', async () => {
  // nginx takes the first of two server blocks with one name, and only warns.
  const [first, second] = [`${unique('block')}.example`, `${unique('block')}.example`];
  const made = await createDomain({ name: first, type: 'static', publicDirectory: 'public/web' });
  place(`s-${made.id}`, `/home/www/${first}/public/web/index.html`, 'the first');
  await refused(38, [
    {
      what: 'another asks for it in a block of its own',
      act: () => takes(other, { name: second, aliases: [first], publicDirectory: 'public/web' }),
      refusal: TAKEN,
    },
    {
      what: 'sculptor asks the executor',
      act: async () =>
        (
          await ask(
            'sudo',
            'site.put',
            site({ type: 'static', aliases: [first], publicDirectory: 'public/web' }),
          )
        ).code,
      refusal: 'name_taken',
      audit: [
        { event: 'begun', verb: 'site.put' },
        { event: 'ended', outcome: 'name_taken' },
      ],
    },
    { what: 'a visitor', act: () => page(first), refusal: [200, 'the first'] },
  ]);
});

const ODD = [
  ...['\u0430pple.example', 'p\u0430ypal.com', 'раураl.com', 'gооgle.com', 'xn--pple-43d.example'],
  ...['shop.example.', '.shop.example', 'shop..example', '*.example.com', '*', 'a.*.example'],
  ...['com', 'co.uk', 'github.io', 'example', 'uk', 'xn--p1ai'],
  ...[
    'shop\u3002example\u3002',
    'shop%2eexample',
    'shop.example%00',
    'shop\u200b.example',
    'shop\u00ad.example',
  ],
  ...[
    'ｓｈｏｐ．ｅｘａｍｐｌｅ．',
    'shop.example:80',
    '//shop.example',
    'a_b.example',
    `${'a'.repeat(64)}.example`,
  ],
];

test('row 39: look-alikes, wildcards, dots at the end and public suffixes are nobody’s', async () => {
  await refused(
    39,
    ODD.map((name) => ({
      what: JSON.stringify(name),
      act: async () => (await takes(other, { name }))[0],
      refusal: 422,
    })),
  );
});

test('row 39: capitals, wide letters and A-labels are one name with what they stand for', async () => {
  const word = unique('b');
  const answer = await asks(other, 'POST', '/v1/domains', { name: `${word}ücher.example`, type: 'static' });
  expect(answer.status).toBe(202);
  await ended([answer]);
  const twins = [
    `${word.toUpperCase()}ÜCHER.example`,
    `${word}ｕ\u0308cher.EXAMPLE`,
    `${word}u\u0308cher。example`,
  ];
  const mine = newToken();
  await refused(
    39,
    twins.map((name) => ({ what: JSON.stringify(name), act: () => takes(mine, { name }), refusal: TAKEN })),
  );
});

test('row 39: a public suffix is refused by the API and the worker; the executor’s grammar does not know the list', async () => {
  // By design: whoever has the worker may make a site `co.uk` on this server, which is served to whoever sends
  // that name here. The list is data that changes, and root's code reads none; nobody's site is reached by it.
  const made = site({ name: `${unique('s')}.co.uk`, type: 'static' });
  expect((await ask('sudo', 'site.put', made)).code).toBe('succeeded');
  expect((await ask('sudo', 'site.remove', { id: made.id })).code).toBe('succeeded');
  accepted(39);
});

const OWN = [
  ...[serverName, `www.${serverName}`, `a.b.${serverName}`, serverName.toUpperCase()],
  ...['localhost', 'a.localhost', 'localhost.localdomain', 'ip6-localhost'],
  ...[
    '127.0.0.1',
    '0.0.0.0',
    '1.2.3.4',
    '::1',
    '[::1]',
    '0x7f.1',
    '2130706433',
    '127.1',
    '1.2.3.4.',
    '010.0.0.1',
  ],
];

test('row 40: names of the server itself and addresses are nobody’s', async () => {
  await refused(
    40,
    OWN.flatMap((name) => [
      {
        what: name,
        act: async () => [409, 422].includes(Number((await takes(other, { name }))[0])),
        refusal: true,
      },
      {
        what: `${name} for an alias`,
        act: async () =>
          [409, 422].includes(
            Number((await takes(other, { name: `${unique('own')}.example`, aliases: [name] }))[0]),
          ),
        refusal: true,
      },
    ]),
  );
});

test('row 40: the executor refuses them from the worker too', async () => {
  const names = ['127.0.0.1', '1.2.3.4', 'localhost', '::1', '0x7f.1', 'a.1', 'machine', 'a.example.'];
  await refused(
    40,
    names.map((name) => ({
      what: name,
      act: async () => (await ask('sudo', 'site.put', site({ name }))).code,
      refusal: 'invalid_request',
      audit: [{ event: 'refused' }],
    })),
  );
});
