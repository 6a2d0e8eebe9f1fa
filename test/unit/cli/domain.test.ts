import { CreateDomain, UpdateDomain } from '../../../contract/domains.ts';
import { problem } from '../../fakes/api-server.ts';
import { accepted, DOMAIN, event, EVENTS, operation, OPERATION_ID, READ, STEPS } from './samples.ts';
import { sculptorctl } from './sculptorctl.ts';

const created = {
  'POST /v1/domains': [accepted({ domain: { ...DOMAIN, status: 'pending' } })],
  [EVENTS]: [
    {
      events: [
        event(operation({ status: 'queued', steps: [], attempt: 0 })),
        event(operation({ status: 'running', steps: STEPS.slice(0, 1) })),
        ': still here\n\n',
        event(operation()),
      ],
    },
  ],
  [`GET /v1/domains/${DOMAIN.name}`]: [{ status: 200, body: DOMAIN }],
};

test('creating a domain waits for its end and shows each step once', async () => {
  const { code, out, err } = await sculptorctl(['domain', 'create', 'shop.example'], created);
  expect(out.split('\n')).toEqual([
    `operation ${OPERATION_ID} queued`,
    '  ✔ account                           changed    21 ms',
    '  ✔ folders                           unchanged  1.3 ms',
    'domain.create shop.example: succeeded',
    '',
  ]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
});

test('sends the token, a key for this run, and only the fields that were named', async () => {
  const { asked } = await sculptorctl(['domain', 'create', 'shop.example'], created);
  expect(asked[0]).toMatchObject({
    body: { name: 'shop.example' },
    headers: {
      authorization: 'Bearer test-token',
      'idempotency-key': 'key-of-this-run',
      'content-type': 'application/json',
    },
  });
});

test('every field of a new domain has an option, and the contract takes what they make', async () => {
  const words = ['--alias', 'a.example', '--alias', 'b.example', '--type', 'static', '--php', '8.2'];
  const more = ['--public-directory', 'public/web', '--isolation', 'pool', '--disabled', '--protect'];
  const options = [
    '--option',
    'index=a.html,b.html',
    '--option',
    'bodyBytes=4096',
    '--option',
    'accessLog=false',
    '--option',
    'redirect=https://other.example/a,b,302,noPath',
  ];
  const limits = ['--php-limit', 'seconds=60', '--php-limit', 'processes=none'];
  const program = ['--start', 'node', '--start=-v', '--no-defaults'];
  const { asked } = await sculptorctl(
    ['domain', 'create', ...words, ...more, ...options, ...limits, ...program, 'shop.example'],
    created,
  );
  const body = asked[0]?.body as object;
  expect(body).toEqual({
    name: 'shop.example',
    aliases: ['a.example', 'b.example'],
    type: 'static',
    phpVersion: '8.2',
    publicDirectory: 'public/web',
    options: {
      ...{ index: ['a.html', 'b.html'], bodyBytes: 4096, accessLog: false },
      redirect: { to: 'https://other.example/a,b', status: 302, keepPath: false },
    },
    start: ['node', '-v'],
    createDefaults: false,
    phpLimits: { seconds: 60, processes: null },
    isolation: 'pool',
    enabled: false,
    protected: true,
  });
  expect(Object.keys(body).sort()).toEqual(Object.keys(CreateDomain.shape).sort());
  expect(CreateDomain.safeParse(body).success).toBe(true);
});

test.each([
  [['--alias', 'a.example'], { aliases: ['a.example'] }],
  [['--no-aliases'], { aliases: [] }],
  [['--enable'], { enabled: true }],
  [['--disable'], { enabled: false }],
  [['--type', 'php', '--php', '8.4'], { type: 'php', phpVersion: '8.4' }],
  [['--option', 'index=', '--option', 'accessLog=true'], { options: { index: [], accessLog: true } }],
  [['--option', 'redirect=none'], { options: { redirect: null } }],
  [['--type', 'laravel', '--no-defaults'], { type: 'laravel', createDefaults: false }],
  [['--public-directory', 'public/web'], { publicDirectory: 'public/web' }],
])('updating with %j sends %j', async (words, body) => {
  const { asked, code } = await sculptorctl(['domain', 'update', 'shop.example', ...words], {
    ...created,
    'PATCH /v1/domains/shop.example': [accepted()],
  });
  expect(asked[0]?.body).toEqual(body);
  expect(UpdateDomain.safeParse(body).success).toBe(true);
  expect(code).toBe(0);
});

test.each([
  [[], 'nothing to change'],
  [['--enable', '--disable'], 'cannot be used with'],
  [['--alias', 'a.example', '--no-aliases'], 'cannot both be given'],
  [['--option', 'bodyBytes'], '--option takes name=value'],
  [['--option', 'rewrite=x'], 'with one of index, bodyBytes'],
  [['--type', 'ruby'], 'Allowed choices are php, static, laravel, proxy, node, redirect'],
  [['--option', 'redirect=other.example'], 'redirect is none, or an address'],
])('an update with %j is no use of the program and asks nothing', async (words, sentence) => {
  const { code, err, asked } = await sculptorctl(['domain', 'update', 'shop.example', ...words]);
  expect(err).toContain(sentence);
  expect({ code, asked }).toEqual({ code: 2, asked: [] });
});

test('deleting a domain waits too', async () => {
  const deleted = operation({ kind: 'domain.delete' });
  const { code, out } = await sculptorctl(['domain', 'delete', 'shop.example'], {
    'DELETE /v1/domains/shop.example': [accepted()],
    [EVENTS]: [{ events: [event(deleted)] }],
  });
  expect(out).toContain('domain.delete shop.example: succeeded\n');
  expect(code).toBe(0);
});

test('a domain is moved to the tenant that is named', async () => {
  const moved = operation({ kind: 'domain.move' });
  const { code, out, asked } = await sculptorctl(['domain', 'move', 'shop.example', 'tenant123456'], {
    'POST /v1/domains/shop.example/move': [accepted()],
    [EVENTS]: [{ events: [event(moved)] }],
  });
  expect(asked[0]?.body).toEqual({ tenant: 'tenant123456' });
  expect(out).toContain('domain.move shop.example: succeeded\n');
  expect(code).toBe(0);
});

test('--no-wait ends with the answer, and follows nothing', async () => {
  const { code, out, asked } = await sculptorctl(['--no-wait', 'domain', 'create', 'shop.example'], created);
  expect(out).toBe(`operation ${OPERATION_ID} queued\n`);
  expect(asked).toHaveLength(1);
  expect(code).toBe(0);
});

test('--json gives one document: the answer, the operation as it ended and the resource as it is then', async () => {
  const { out, err } = await sculptorctl(['domain', 'create', 'shop.example', '--json'], created);
  expect(JSON.parse(out)).toEqual({ operation: operation(), domain: DOMAIN });
  expect(err).toBe('');
});

test('lists all pages as a table', async () => {
  const { out, code } = await sculptorctl(['domain', 'list'], {
    'GET /v1/domains?limit=200': [{ status: 200, body: { items: [DOMAIN], next: 'c/2' } }],
    'GET /v1/domains?limit=200&cursor=c%2F2': [
      {
        status: 200,
        body: { items: [{ ...DOMAIN, name: 'b.example', enabled: false, phpVersion: null }], next: null },
      },
    ],
  });
  expect(out.split('\n')).toEqual([
    'NAME          ID            TYPE  PHP  ENABLED  STATUS',
    'shop.example  dabcdefghij1  php   8.2  yes      live',
    'b.example     dabcdefghij1  php   -    no       live',
    '',
  ]);
  expect(code).toBe(0);
});

test('lists as JSON in one document, and passes a filter on', async () => {
  const { out } = await sculptorctl(['domain', 'list', '--name', 'shop.example', '--json'], {
    'GET /v1/domains?name=shop.example&limit=200': [{ status: 200, body: { items: [DOMAIN], next: null } }],
  });
  expect(JSON.parse(out)).toEqual({ items: [DOMAIN], next: null });
});

test('shows one domain', async () => {
  const { out } = await sculptorctl(['domain', 'show', 'shop.example'], created);
  expect(out).toContain('name                       shop.example\n');
  expect(out).toContain('aliases                    www.shop.example\n');
});

test('what a person typed is one part of the path, whatever it holds', async () => {
  const { asked } = await sculptorctl(['domain', 'show', '../operations?x=1#y']);
  expect(asked[0]?.path).toBe('/v1/domains/..%2Foperations%3Fx%3D1%23y');
});

test('a refusal goes to standard error with the field and what would be right, and ends with 1', async () => {
  const errors = [
    { field: 'name', message: 'this is not a host name', expected: 'a name such as shop.example' },
  ];
  const refused = problem(422, 'The request holds a value that cannot be used', { errors });
  const answers = { 'POST /v1/domains': [{ status: 422, body: refused }] };
  const { code, out, err } = await sculptorctl(['domain', 'create', 'x'], answers);
  expect(err).toBe(
    'The request holds a value that cannot be used\n' +
      '  name: this is not a host name (expected: a name such as shop.example)\n',
  );
  expect({ code, out }).toEqual({ code: 1, out: '' });
  const json = await sculptorctl(['--json', 'domain', 'create', 'x'], answers);
  expect(JSON.parse(json.out)).toEqual(refused);
  expect(json.code).toBe(1);
});

test('an operation that fails shows its failed step, then why and what to do, and ends with 1', async () => {
  const error = { code: 'config_refused', message: 'nginx refused it.', hint: 'Look at nginx.' };
  const steps = [
    STEPS[0],
    { name: 'nginx', status: 'failed', changed: true, durationMs: 3 },
    { ...STEPS[1], status: 'undone' },
  ];
  const failed = operation({ status: 'failed', error, steps });
  const answers = {
    ...created,
    [EVENTS]: [{ events: [event(failed)] }],
    [READ]: [{ status: 200, body: failed }],
  };
  const { code, out, err } = await sculptorctl(['domain', 'create', 'shop.example'], answers);
  expect(out).toContain('  ✘ nginx                             changed    3.0 ms\n');
  expect(out).toContain('  ↺ folders                           unchanged  1.3 ms (undone)\n');
  expect(err).toBe('config_refused: nginx refused it.\nLook at nginx.\n');
  expect(code).toBe(1);
});

test.each([
  ['www=toWww', { www: 'toWww' }],
  ['forceHttps=true', { forceHttps: true }],
  ['hsts=none', { hsts: null }],
  ['hsts=60', { hsts: { maxAgeSeconds: 60 } }],
  [
    'hsts=31536000,includeSubdomains,preload',
    { hsts: { maxAgeSeconds: 31_536_000, includeSubdomains: true, preload: true } },
  ],
  ['staticCacheSeconds=60', { staticCacheSeconds: 60 }],
  ['staticCacheSeconds=none', { staticCacheSeconds: null }],
  ['errorPages=404:/a.html,502:/b.html', { errorPages: { 404: '/a.html', 502: '/b.html' } }],
  ['errorPages=none', { errorPages: {} }],
  ['basicAuth=none', { basicAuth: null }],
])('--option %s is sent as the contract takes it', async (word, options) => {
  const { asked } = await sculptorctl(['domain', 'update', 'shop.example', '--option', word]);
  expect(asked[0]?.body).toEqual({ options });
  expect(UpdateDomain.safeParse(asked[0]?.body).success).toBe(true);
});

describe('visitors with a password', () => {
  const basicAuth = { realm: 'Members', users: [{ name: 'anna' }, { name: 'bert' }] };
  const standing = (options: object) => ({
    ...created,
    [`GET /v1/domains/${DOMAIN.name}`]: [
      { status: 200, body: { ...DOMAIN, options: { ...DOMAIN.options, ...options } } },
    ],
    [`PATCH /v1/domains/${DOMAIN.name}`]: [accepted({ domain: DOMAIN })],
  });
  const HASH = `$6$salt$${'a'.repeat(86)}`;
  const sent = async (words: readonly string[], options: object, input?: string) => {
    const outcome = await sculptorctl(['domain', 'visitor', ...words], standing(options), input);
    return { ...outcome, body: outcome.asked.find(({ method }) => method === 'PATCH')?.body };
  };

  test('set: the hash comes from standard input, and the others stay as they are', async () => {
    const { body, out } = await sent(['set', DOMAIN.name, 'carl'], { basicAuth }, `${HASH}\n`);
    const users = [...basicAuth.users, { name: 'carl', passwordHash: HASH }];
    expect(body).toEqual({ options: { basicAuth: { realm: 'Members', users } } });
    expect(UpdateDomain.safeParse(body).success).toBe(true);
    expect(out).not.toContain('$6$');
  });

  test('set: without a hash nothing is asked for, and the sentence says where it comes from', async () => {
    const { code, err, body } = await sent(['set', DOMAIN.name, 'carl'], { basicAuth });
    expect({ code, body }).toEqual({ code: 2, body: undefined });
    expect(err).toContain('openssl passwd -6');
  });

  test('remove: with the last one nobody is asked any more', async () => {
    const users = [{ name: 'anna' }];
    expect((await sent(['remove', DOMAIN.name, 'bert'], { basicAuth })).body).toEqual({
      options: { basicAuth: { realm: 'Members', users } },
    });
    const last = await sent(['remove', DOMAIN.name, 'anna'], { basicAuth: { realm: 'Members', users } });
    expect(last.body).toEqual({ options: { basicAuth: null } });
    expect((await sent(['remove', DOMAIN.name, 'nobody'], { basicAuth })).code).toBe(2);
  });
});
