import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createHttpServer, listenOnSocket, closeServer } from '../../../api/http-server.ts';
import { Problem } from '../../../contract/problems.ts';
import { LIVE, operationId, startAgent, TOKEN } from './agent.ts';
import type { Agent, Answer } from './agent.ts';

let agent: Agent;
let before: unknown;
beforeAll(async () => {
  agent = await startAgent();
  await agent.end(
    operationId(await agent.call('POST', '/v1/domains', { body: { name: 'shop.example' } })),
    LIVE,
  );
  await agent.call('POST', '/v1/databases', { body: { name: 'shop' } });
  await agent.call('POST', '/v1/databases/shop/users', { body: { name: 'shop' } });
  before = agent.snapshot();
});
afterAll(async () => {
  const after = agent.snapshot();
  await agent.stop();
  // Nothing of all that was sent here has changed anything.
  expect(after).toEqual(before);
});

function problem(answer: Answer): [number, string] {
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  const { status, type } = Problem.parse(answer.json);
  expect(answer.status).toBe(status);
  return [status, type.replace('urn:sculptor:problem:', '')];
}

const OPERATION = 'oabcdefghij123456789';
const ROUTES: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/v1/domains'],
  ['POST', '/v1/domains'],
  ['GET', '/v1/domains/shop.example'],
  ['PATCH', '/v1/domains/shop.example'],
  ['DELETE', '/v1/domains/shop.example'],
  ['GET', '/v1/databases'],
  ['POST', '/v1/databases'],
  ['GET', '/v1/databases/shop'],
  ['DELETE', '/v1/databases/shop'],
  ['GET', '/v1/databases/shop/users'],
  ['POST', '/v1/databases/shop/users'],
  ['GET', '/v1/databases/shop/users/shop'],
  ['DELETE', '/v1/databases/shop/users/shop'],
  ['POST', '/v1/databases/shop/users/shop/rotate-password'],
  ['GET', '/v1/operations'],
  ['GET', `/v1/operations/${OPERATION}`],
  ['POST', `/v1/operations/${OPERATION}/cancel`],
  ['GET', `/v1/operations/${OPERATION}/events`],
  ['GET', '/v1/server'],
  ['GET', '/v1/nothing'],
  ['OPTIONS', '/v1/domains'],
];

describe.each(ROUTES)('%s %s', (method, path) => {
  test.each([
    ['no token', { authorization: '' }],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['the token and more', { authorization: `Bearer ${TOKEN} x` }],
    ['half of the token', { authorization: `Bearer ${TOKEN.slice(0, 20)}` }],
    ['another scheme', { authorization: `Basic ${Buffer.from(`root:${TOKEN}`).toString('base64')}` }],
    ['no scheme', { authorization: TOKEN }],
  ])('answers nobody who sends %s', async (_, headers) => {
    const answer = await agent.call(method, path, { headers });
    expect(problem(answer)).toEqual([401, 'unauthenticated']);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="sculptor"');
  });

  test('answers nobody who sends the token in the address', async () => {
    for (const name of ['token', 'access_token', 'authorization']) {
      const answer = await agent.call(method, `${path}?${name}=${TOKEN}`, { headers: { authorization: '' } });
      expect(problem(answer)).toEqual([401, 'unauthenticated']);
    }
    expect(agent.log()).not.toContain(TOKEN);
  });
});

test('a token that was revoked is a wrong one', async () => {
  agent.servers.sql(`INSERT INTO sculptor.token (id, sha256, role, name)
    VALUES ('revokedtoken', SHA2('revoked', 256), 'administrator', 'x');
    INSERT INTO sculptor.token_revocation (token_id, actor) VALUES ('revokedtoken', 'root')`);
  const answer = await agent.call('GET', '/v1/domains', { headers: { authorization: 'Bearer revoked' } });
  agent.servers.sql(
    "DELETE FROM sculptor.token WHERE id = 'revokedtoken'; DELETE FROM sculptor.token_revocation",
  );
  expect(problem(answer)).toEqual([401, 'unauthenticated']);
});

test('a refused login is logged with the address it came from, and without what was sent', async () => {
  await agent.call('GET', '/v1/domains', {
    headers: { authorization: 'Bearer guessed-token', 'x-forwarded-for': '203.0.113.7' },
  });
  const line = agent
    .log()
    .split('\n')
    .findLast((text) => text.includes('refused a login'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 'warn', address: '203.0.113.7', sent: 'unknown' });
  expect(agent.log()).not.toContain('guessed-token');
});

test.each(['203.0.113.7, 127.0.0.1', 'not an address', '127.0.0.1"}{', ''])(
  'X-Forwarded-For: %j is not taken for an address',
  async (forwarded) => {
    const headers = {
      'x-forwarded-for': forwarded,
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
    };
    const answer = await agent.call('GET', '/v1/server', { headers });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('evil');
    expect(JSON.parse(agent.log().trim().split('\n').at(-1) ?? '{}')).toMatchObject({ address: 'unknown' });
  },
);

test('health is told without a token', async () => {
  const live = await agent.call('GET', '/v1/health/live', { headers: { authorization: '' } });
  expect([live.status, live.json]).toEqual([200, { status: 'ok' }]);
  const ready = await agent.call('GET', '/v1/health/ready', { headers: { authorization: '' } });
  expect(Object.keys(ready.json)).toEqual(['status', 'checks']);
});

test('the server tells its name, what PHP it has, and what its databases can be', async () => {
  const { json } = await agent.call('GET', '/v1/server');
  expect(json).toEqual({
    id: 'default',
    name: 'machine.example',
    phpVersions: ['8.2', '8.4'],
    defaultPhpVersion: '8.4',
    collations: ['utf8mb4_unicode_ci'],
    connectionsPerAccount: 30,
  });
});

test('every answer is hardened, numbered, and kept by no cache', async () => {
  for (const path of ['/v1/server', '/v1/nothing', '/', '/v1/health/live']) {
    const { headers } = await agent.call('GET', path);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['etag']).toBeUndefined();
    expect(headers['access-control-allow-origin']).toBeUndefined();
  }
});

test.each([
  ['GET', '/', 404],
  ['GET', '/v1', 404],
  ['GET', '/v2/domains', 404],
  ['GET', '/V1/domains', 404],
  ['GET', '/v1/Domains', 404],
  ['GET', '/v1/domains/', 404],
  ['GET', '/v1//domains', 404],
  ['GET', '/v1/domains/nothing.example', 404],
  ['GET', '/v1/domains/..%2f..%2fetc', 404],
  ['GET', '/v1/domains/%00', 404],
  ['GET', '/v1/domains/%zz', 404],
  ['GET', '/v1/domains/%E0%A4%A', 404],
  ['GET', '/v1/domains/__proto__', 404],
  ['GET', '/v1/databases/constructor', 404],
  ['DELETE', '/v1/databases/nothing', 404],
  ['GET', "/v1/databases/shop'--", 404],
  ['GET', '/v1/databases/shop/users/nobody', 404],
  ['POST', '/v1/databases/shop/users/nobody/rotate-password', 404],
  ['GET', '/v1/databases/nothing/users/shop', 404],
  ['GET', `/v1/operations/${OPERATION}`, 404],
  ['POST', `/v1/operations/${OPERATION}/cancel`, 404],
])('%s %s leads nowhere', async (method, path, status) => {
  expect(problem(await agent.call(method, path))).toEqual([status, 'not-found']);
});

test.each([
  ['DELETE', '/v1/domains', 'GET, POST, HEAD'],
  ['PUT', '/v1/domains/shop.example', 'GET, PATCH, DELETE, HEAD'],
  ['PUT', '/v1/databases/shop', 'GET, PATCH, DELETE, HEAD'],
  ['GET', '/v1/databases/shop/users/shop/rotate-password', 'POST'],
  ['DELETE', `/v1/operations/${OPERATION}`, 'GET, HEAD'],
  ['POST', '/v1/server', 'GET, HEAD'],
  ['OPTIONS', '/v1/domains', 'GET, POST, HEAD'],
  ['POST', '/v1/health/live', 'GET, HEAD'],
])('%s %s is answered with what is taken there', async (method, path, allowed) => {
  const answer = await agent.call(method, path);
  expect(problem(answer)).toEqual([405, 'method-not-allowed']);
  expect(answer.headers['allow']).toBe(allowed);
});

const DEEP = `{"name":"deep.example","x":${'['.repeat(9)}${']'.repeat(9)}}`;
const DEEPER = `{"name":"deep.example","x":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`;

test.each<readonly [string, string | Buffer, number, string]>([
  ['nothing', '', 400, 'invalid-json'],
  ['half an object', '{"name":"a.example"', 400, 'invalid-json'],
  ['two objects', '{}{}', 400, 'invalid-json'],
  ['a list', '[{"name":"a.example"}]', 400, 'invalid-json'],
  ['a text', '"a.example"', 400, 'invalid-json'],
  ['null', 'null', 400, 'invalid-json'],
  ['with a comma too many', '{"name":"a.example",}', 400, 'invalid-json'],
  ['with a comment', '{"name":"a.example"/**/}', 400, 'invalid-json'],
  ['with a byte order mark', '\ufeff{"name":"a.example"}', 400, 'invalid-json'],
  ['not UTF-8', Buffer.from('{"name":"\xff.example"}', 'latin1'), 400, 'invalid-json'],
  ['UTF-16', Buffer.from('{"name":"a.example"}', 'utf16le'), 400, 'invalid-json'],
  ['50 000 open brackets', '['.repeat(50_000), 400, 'invalid-json'],
  ['nested nine deep', DEEP, 400, 'invalid-json'],
  ['nested ten thousand deep', DEEPER, 400, 'invalid-json'],
  ['longer than 64 KiB', `{"name":"${'a'.repeat(65_536)}"}`, 413, 'too-large'],
  ['a field twice', '{"name":"a.example","name":"b.example"}', 422, 'invalid-input'],
  ['a field twice, once escaped', '{"name":"a.example","n\\u0061me":"b.example"}', 422, 'invalid-input'],
  ['__proto__', '{"name":"a.example","__proto__":{"isolation":"pool"}}', 422, 'invalid-input'],
  ['__proto__, escaped', '{"name":"a.example","\\u005f_proto__":{"isolation":"pool"}}', 422, 'invalid-input'],
  ['constructor', '{"name":"a.example","constructor":{"prototype":{"x":1}}}', 422, 'invalid-input'],
  ['prototype', '{"name":"a.example","prototype":1}', 422, 'invalid-input'],
])('a body that is %s is refused', async (...[, raw, status, kind]) => {
  expect(problem(await agent.call('POST', '/v1/domains', { raw }))).toEqual([status, kind]);
  expect(Object.prototype).not.toHaveProperty('isolation');
  expect(Object.prototype).not.toHaveProperty('x');
});

test('the refusal of a field given twice names it', async () => {
  const answer = await agent.call('POST', '/v1/domains', { raw: '{"aliases":[],"aliases":["a.example"]}' });
  expect(Problem.parse(answer.json).errors).toEqual([
    { field: 'aliases', message: 'This field is given twice.', expected: 'each field once' },
  ]);
});

test.each([
  ['text/plain'],
  ['text/json'],
  ['application/x-www-form-urlencoded'],
  ['multipart/form-data; boundary=x'],
  ['application/json; charset=utf-16'],
  ['application/jsonp'],
  [''],
])('a body of type %j is refused', async (type) => {
  const answer = await agent.call('POST', '/v1/domains', {
    raw: '{"name":"typed.example"}',
    headers: { 'content-type': type },
  });
  expect(problem(answer)).toEqual([415, 'unsupported-media-type']);
});

test('a compressed body is refused and not unpacked', async () => {
  const answer = await agent.call('POST', '/v1/domains', {
    raw: Buffer.alloc(100),
    headers: { 'content-encoding': 'gzip' },
  });
  expect(problem(answer)).toEqual([415, 'unsupported-media-type']);
});

test('what takes no body refuses one', async () => {
  for (const [method, path] of [
    ['DELETE', '/v1/domains/shop.example'],
    ['POST', '/v1/databases/shop/users/shop/rotate-password'],
    ['DELETE', '/v1/databases/shop/users/shop'],
  ] as const)
    expect(problem(await agent.call(method, path, { body: { force: true } }))).toEqual([
      422,
      'invalid-input',
    ]);
});

/** What a server answers to these bytes, until it closes the connection. */
function send(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const client = connect(agent.socket, () => client.write(text));
    client.setEncoding('utf8');
    client.on('data', (chunk) => (answer += String(chunk)));
    client.on('error', reject);
    client.on('close', () => resolve(answer));
  });
}

test.each([
  ['no HTTP', 'hello\r\n\r\n', '400'],
  ['a header folded', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\nY\r\n\r\n', '400'],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', '400'],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    '400',
  ],
  ['101 headers', `GET / HTTP/1.1\r\n${'H: a\r\n'.repeat(100)}Host: a\r\n\r\n`, '431'],
  [
    'so many that Node.js would drop who asks',
    `GET / HTTP/1.1\r\nHost: a\r\n${'a:\r\n'.repeat(2000)}X-Forwarded-For: 203.0.113.7\r\n\r\n`,
    '431',
  ],
  ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, '431'],
])('%s is refused and the connection closed', async (_, text, status) => {
  const answer = await send(text);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer).toContain('application/problem+json');
});

test('slow headers and bodies have a time limit, and a connection an end', () => {
  const server = createHttpServer(() => undefined);
  expect(server.headersTimeout).toBeLessThanOrEqual(10_000);
  expect(server.requestTimeout).toBeLessThanOrEqual(30_000);
  expect(server.maxConnections).toBeGreaterThan(0);
  expect(server.maxRequestsPerSocket).toBeGreaterThan(0);
  expect(server.keepAliveTimeout).toBeLessThanOrEqual(75_000);
});

describe('the socket', () => {
  test('is for its owner and its group', () => {
    expect((lstatSync(agent.socket).mode & 0o777).toString(8)).toBe('660');
  });

  test('of a process that is gone is replaced', async () => {
    const path = join(agent.servers.folder, 'stale.sock');
    const old = createServer().listen(path);
    await new Promise((resolve) => old.once('listening', resolve));
    // As after a crash: the file stays and nobody answers.
    renameSync(path, `${path}.kept`);
    await new Promise((resolve) => old.close(resolve));
    renameSync(`${path}.kept`, path);
    const server = createHttpServer(() => undefined);
    await listenOnSocket(server, path);
    await closeServer(server);
    expect(existsSync(path)).toBe(false);
  });

  test('of a process that answers is left alone', async () => {
    await expect(
      listenOnSocket(
        createHttpServer(() => undefined),
        agent.socket,
      ),
    ).rejects.toThrow('another process');
    expect((await agent.call('GET', '/v1/health/live')).status).toBe(200);
  });

  test('is not put in the place of something else', async () => {
    const path = join(agent.servers.folder, 'a-file');
    writeFileSync(path, 'mine');
    await expect(
      listenOnSocket(
        createHttpServer(() => undefined),
        path,
      ),
    ).rejects.toThrow('not a socket');
    rmSync(path);
    mkdirSync(path);
    await expect(
      listenOnSocket(
        createHttpServer(() => undefined),
        path,
      ),
    ).rejects.toThrow('not a socket');
  });
});
