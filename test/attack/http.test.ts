import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  accepted as taken,
  api,
  API_SOCKET,
  ended,
  exchange,
  ready,
  TOKEN_FILE,
  unique,
} from '../machine/agent.ts';
import { must, rootSql } from '../machine/server.ts';
import { refused, type Attempt } from './attempt.ts';

/* Rows 32 to 37: the API as whoever can reach it. */

const { serverName } = JSON.parse(readFileSync('/etc/sculptor/agent.json', 'utf8')) as { serverName: string };
const certificate = readFileSync('/etc/sculptor/tls/server.crt');
const token = readFileSync(TOKEN_FILE, 'utf8').trim();

beforeAll(ready);

type Sent = Readonly<Record<string, string | string[]>>;
type Got = {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
};

/** Through nginx and TLS, as from elsewhere. */
function remote(path: string, headers: Sent = {}, host = serverName): Promise<Got> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: 443,
        servername: serverName,
        ca: certificate,
        path,
        headers: { host, ...headers },
        agent: false,
      },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

const remoteStatus = (path: string, headers: Sent = {}) => remote(path, headers).then(({ status }) => status);
const bearer = (text: string): Sent => ({ authorization: `Bearer ${text}` });

/** What the API and nginx have written down since then. */
function logsSince(moment: string): string {
  const journal = must('journalctl', ['--quiet', '--no-pager', '--all', '--output=cat', `--since=${moment}`]);
  return journal + must('sh', ['-c', 'cat /var/log/sculptor/nginx/*.log']);
}

const now = () => must('date', ['+%Y-%m-%d %H:%M:%S']).trim();

test('row 32: a token that is almost right is refused like any other', async () => {
  const wrong = [
    `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
    token.slice(0, -1),
    `${token}A`,
    token.toLowerCase(),
    token.replace('sculptor_', ''),
    rootSql('SELECT sha256 FROM sculptor.token LIMIT 1').trim(),
    `${token}, ${token}`,
    '%',
    "' OR '1'='1",
  ];
  const answers = await Promise.all(wrong.map((text) => remote('/v1/domains', bearer(text))));
  const expected = answers[0]?.text;
  expect(expected).toContain('urn:sculptor:problem:unauthenticated');
  await refused(
    32,
    answers.map(({ status, text }, index) => ({
      what: `wrong token ${index}`,
      act: () => ({ status, text }),
      refusal: { status: 401, text: expected },
    })),
  );
});

test('row 32: a token is taken from its header alone, and is in no log', async () => {
  const since = now();
  const elsewhere: readonly (readonly [string, string, Sent])[] = [
    ['the address', `/v1/domains?token=${token}`, {}],
    ['the address, by another name', `/v1/domains?access_token=${token}&api_key=${token}`, {}],
    ['the path', `/v1/${token}/domains`, {}],
    ['a cookie', '/v1/domains', { cookie: `token=${token}` }],
    ['another header', '/v1/domains', { 'x-api-key': token, 'x-auth-token': token }],
    [
      'basic authentication',
      '/v1/domains',
      { authorization: `Basic ${Buffer.from(`root:${token}`).toString('base64')}` },
    ],
    ['the header for proxies', '/v1/domains', { 'proxy-authorization': `Bearer ${token}` }],
  ];
  await refused(
    32,
    elsewhere.map(([what, path, headers]) => ({
      what,
      act: () => remoteStatus(path, headers),
      refusal: 401,
    })),
  );
  await remote('/v1/domains', bearer(token));
  const told = logsSince(since)
    .split('\n')
    .filter((line) => line.includes(token));
  expect(told).toEqual([]);
});

const FORGED: readonly (readonly [string, Sent])[] = [
  ['X-Forwarded-For', { 'x-forwarded-for': '203.0.113.9' }],
  ['two of them', { 'x-forwarded-for': ['203.0.113.9', '203.0.113.10'] }],
  ['a list', { 'x-forwarded-for': '203.0.113.9, 127.0.0.2' }],
  ['X-Real-IP', { 'x-real-ip': '203.0.113.9' }],
  ['Forwarded', { forwarded: 'for=203.0.113.9;host=evil.example;proto=http' }],
  ['the host', { 'x-forwarded-host': 'evil.example', 'x-forwarded-server': 'evil.example' }],
  [
    'the port and scheme',
    { 'x-forwarded-port': '81', 'x-forwarded-proto': 'http', 'x-forwarded-ssl': 'off' },
  ],
  [
    'other proxies’ words',
    { 'true-client-ip': '203.0.113.9', 'cf-connecting-ip': '203.0.113.9', via: '1.1 evil' },
  ],
  [
    'the address',
    { 'x-original-url': '/v1/tokens', 'x-rewrite-url': '/v1/tokens', 'x-http-method-override': 'DELETE' },
  ],
];

test.each(FORGED)('row 33: what a caller says of itself is not believed: %s', async (what, headers) => {
  const since = now();
  await refused(33, [
    { what, act: () => remoteStatus('/v1/domains', headers), refusal: 401 },
    {
      what: `${what}, with a token`,
      act: () =>
        remote('/v1/domains', { ...headers, ...bearer(token) }).then(({ status, text, headers: got }) => ({
          status,
          repeated: /evil|203\.0\.113/.test(text + JSON.stringify(got)),
        })),
      refusal: { status: 200, repeated: false },
    },
  ]);
  expect(logsSince(since)).not.toMatch(/203\.0\.113|evil\.example/);
});

test('row 33: another Host than the server’s own reaches no API', async () => {
  const hosts = [
    'evil.example',
    'localhost',
    '127.0.0.1',
    `${serverName}.evil.example`,
    `evil.example#${serverName}`,
  ];
  await refused(
    33,
    hosts.map((host) => ({
      what: host,
      act: () =>
        remote('/v1/health/live', {}, host).then(
          ({ status }) => status === 200,
          () => false,
        ),
      refusal: false,
    })),
  );
});

/** Says some bytes and nothing more; resolves when the other side has closed. `end`: says that this was all. */
function stall(bytes: string, open: () => Socket, end = false): Promise<string> {
  return new Promise((resolve) => {
    const socket = open();
    let got = '';
    socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
    if (end) socket.end(bytes);
    else socket.write(bytes);
  });
}

const direct = () => connect(API_SOCKET);
const throughTls = () =>
  connectTls({ host: '127.0.0.1', port: 443, servername: serverName, ca: certificate });

test('row 34: hundreds of slow callers keep nobody waiting, and are closed', async () => {
  const head = `POST /v1/domains HTTP/1.1\r\nHost: ${serverName}\r\n`;
  const body = `${head}Authorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`;
  const slow = [
    ...Array.from({ length: 150 }, () => stall(head, direct)),
    ...Array.from({ length: 50 }, () => stall(head, throughTls)),
    ...Array.from({ length: 50 }, () => stall(body, direct)),
    ...Array.from({ length: 50 }, () => stall(body, throughTls)),
    ...Array.from({ length: 50 }, () => stall('', () => connect(443, '127.0.0.1'))),
  ];
  await refused(34, [
    { what: 'somebody else asks', act: () => remoteStatus('/v1/domains', bearer(token)), refusal: 200 },
    {
      what: 'they are closed, and none is answered well',
      act: async () => (await Promise.all(slow)).filter((got) => / 20[0-9] /.test(got)).length,
      refusal: 0,
    },
  ]);
});

const key = () => ({ 'idempotency-key': randomUUID() });
const post = (raw: string | Buffer, headers: Readonly<Record<string, string>> = {}) =>
  api('POST', '/v1/domains', { raw, headers: { ...key(), ...headers } }).then(
    ({ status }) => status,
    () => 'closed',
  );

const BODIES: readonly (readonly [string, string | Buffer, unknown])[] = [
  ['64 KiB and one byte', JSON.stringify({ name: 'a'.repeat(65_536) }), 413],
  ['a megabyte', 'x'.repeat(1 << 20), 413],
  ['deep lists', `{"name":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, 400],
  ['deep objects', `${'{"a":'.repeat(6000)}1${'}'.repeat(6000)}`, 400],
  ['a key twice', '{"name":"one.example","name":"two.example"}', 422],
  ['a key twice, once escaped', '{"name":"one.example","n\\u0061me":"two.example"}', 422],
  ['a prototype', '{"name":"one.example","__proto__":{"role":"administrator"}}', 422],
  ['a constructor', '{"name":"one.example","constructor":{"prototype":{"role":"administrator"}}}', 422],
  ['a list', '[{"name":"one.example"}]', 400],
  ['no JSON', "{name:'one.example'}", 400],
  ['two documents', '{"name":"one.example"}{"name":"two.example"}', 400],
  ['a comment', '{"name":"one.example"/* */}', 400],
  ['UTF-16', Buffer.from('{"name":"one.example"}', 'utf16le'), 400],
  ['a byte order mark', '\ufeff{"name":"one.example"}', 400],
  ['half a surrogate', '{"name":"one\\ud800.example"}', 422],
  ['a number for a text', '{"name":1e999}', 422],
];

test('row 34: a body that is too large, too deep or of another kind changes nothing', async () => {
  await refused(
    34,
    BODIES.map(([what, raw, status]) => ({ what, act: () => post(raw), refusal: status })),
  );
});

test('row 34: a body of another type, or packed, is not read', async () => {
  const raw = '{"name":"one.example"}';
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
    'application/json; charset=utf-16',
    'application/json, text/plain',
  ];
  await refused(34, [
    ...types.map((type) => ({ what: type, act: () => post(raw, { 'content-type': type }), refusal: 415 })),
    ...['gzip', 'deflate', 'br', 'identity, gzip'].map((encoding) => ({
      what: encoding,
      act: () => post(raw, { 'content-encoding': encoding }),
      refusal: 415,
    })),
  ]);
});

/** A request whose length is said in two ways: the one before it must not become the next one's beginning. */
const SMUGGLED = [
  'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/server HTTP/1.1\r\nHost: x\r\n\r\n',
  'Content-Length: 0\r\nContent-Length: 44\r\n\r\nGET /v1/server HTTP/1.1\r\nHost: x\r\n\r\n',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\nGET /v1/server HTTP/1.1\r\n\r\n',
  'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\nGET /v1/server HTTP/1.1\r\n\r\n',
  'Content-Length: +4\r\n\r\nabcd',
  'X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
];

test('row 34: no request hides in another', async () => {
  const head = `POST /v1/domains HTTP/1.1\r\nHost: ${serverName}\r\nAuthorization: Bearer ${token}\r\n`;
  const answers = async (text: string, open: () => Socket) =>
    ((await stall(head + text, open, true)).match(/^HTTP\/1\.1 [0-9]{3}/gm) ?? []).filter((line) =>
      line.includes(' 20'),
    );
  await refused(
    34,
    SMUGGLED.flatMap((text, index) =>
      [direct, throughTls].map((open) => ({
        what: `${index} ${open === direct ? 'to the API' : 'to nginx'}`,
        act: () => answers(text, open),
        refusal: [],
      })),
    ),
  );
});

test('row 35: an Idempotency-Key counts for one request', async () => {
  const same = key();
  const name = `${unique('once')}.example`;
  const first = await taken('POST', '/v1/domains', { body: { name, type: 'static' }, headers: same });
  await ended(first);
  const again = (body: object, path = '/v1/domains') =>
    api('POST', path, { body, headers: same }).then(({ status, json }) => [status, json['type']]);
  const mismatch = [409, 'urn:sculptor:problem:idempotency-mismatch'];
  await refused(35, [
    { what: 'another name', act: () => again({ name: `${unique('x')}.example` }), refusal: mismatch },
    { what: 'another type', act: () => again({ name, type: 'php' }), refusal: mismatch },
    { what: 'another route', act: () => again({ name: unique('x') }, '/v1/databases'), refusal: mismatch },
    {
      what: 'the same again',
      act: () =>
        api('POST', '/v1/domains', { body: { name, type: 'static' }, headers: same }).then(
          ({ text }) => text === first.text,
        ),
      refusal: true,
    },
  ]);
});

test('row 35: two requests with one key at once make one thing', async () => {
  const same = key();
  const name = unique('once');
  const send = () => api('POST', '/v1/databases', { body: { name }, headers: same });
  const answers = await Promise.all(Array.from({ length: 8 }, send));
  const operations = new Set(answers.filter(({ status }) => status === 202).map(({ text }) => text));
  expect(operations.size).toBe(1);
  expect(rootSql(`SELECT COUNT(*) FROM sculptor.operation WHERE resource_name = '${name}'`)).toBe('1\n');
  await ended(await send());
});

test('row 36: nothing that a caller can say makes the agent connect to where only this server reaches', async () => {
  const targets = [
    'http://169.254.169.254/',
    'https://169.254.169.254/',
    'http://127.0.0.1:6379/',
    'https://127.0.0.1:6379/',
    'https://0x7f000001/',
    'https://localhost/',
    'http://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://user@panel.example/',
    'https://panel.example:22/',
    'file:///etc/passwd',
  ];
  const attempts: Attempt[] = targets.flatMap((url) => [
    {
      what: `a webhook to ${url}`,
      act: async () => (await api('POST', '/v1/webhooks', { body: { url } })).status,
      refusal: 422,
    },
    {
      what: `a field with ${url}`,
      act: () => post(JSON.stringify({ name: 'one.example', webhook: url, callback: url })),
      refusal: 422,
    },
  ]);
  await refused(36, attempts);
});

const ESCAPES = [
  '\u001b[2J',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\r\nforged: line',
  '<script>alert(1)</script>',
  '\u202egnp.exe',
];

test('row 37: what a caller sends comes back from no answer and no log as it was', async () => {
  const since = now();
  const wild = (text: string) => encodeURIComponent(text);
  await refused(
    37,
    ESCAPES.flatMap((text) => [
      {
        what: `in an address: ${JSON.stringify(text)}`,
        act: () =>
          exchange({
            socketPath: API_SOCKET,
            path: `/v1/domains/${wild(text)}`,
            headers: bearer(token),
          }).then(({ status, text: told }) => [status, told.includes(text)]),
        refusal: [404, false],
      },
      {
        what: `in a body: ${JSON.stringify(text)}`,
        act: () =>
          api('POST', '/v1/domains', { body: { name: `a${text}.example`, [`x${text}`]: 1 } }).then(
            ({ status, headers }) => [status, headers['content-type'], headers['x-content-type-options']],
          ),
        refusal: [422, 'application/problem+json; charset=utf-8', 'nosniff'],
      },
      {
        what: `in a header: ${JSON.stringify(text)}`,
        act: () =>
          stall(
            `GET /v1/server HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: ${text}\r\nAuthorization: Bearer ${text}\r\n\r\n`,
            direct,
          ).then((got) => [/ 20[0-9] /.test(got.slice(0, 15)), got.includes(text)]),
        refusal: [false, false],
      },
    ]),
  );

  expect(logsSince(since)).not.toMatch(
    /[\u0000-\u0008\u000b-\u001f\u007f\u0080-\u009f\u202e]|^forged: line/m,
  );
});
