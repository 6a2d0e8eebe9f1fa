import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { networksIn } from '../../../runtime/outward-addresses.ts';
import { createPost } from '../../../worker-unprivileged/posting.ts';
import type { Posted } from '../../../worker-unprivileged/posting.ts';
import { createResolving } from '../../../worker-unprivileged/resolving.ts';
import { createTrust } from '../../../worker-unprivileged/trust.ts';

/* One event, to real receivers on loopback: what is taken for success, and what is left of an answer. */

let folder: string;
let heard: { readonly path: string; readonly body: string; readonly host: string }[] = [];
const servers: Server[] = [];

const ANSWERS: Readonly<Record<string, (res: ServerResponse) => unknown>> = {
  '/never': () => undefined,
  '/half': (res) => res.writeHead(200).write('half'),
  '/endless': (res) => endless(res.writeHead(200)),
  '/redirect': (res) => res.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
  '/busy': (res) => res.writeHead(503, { 'retry-after': '120' }).end('later'),
  '/gone': (res) => res.writeHead(410).end(),
  '/break': (res) => res.destroy(),
  '/switch': (res) =>
    res.socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
};

const answer: RequestListener = (req, res) => {
  let body = '';
  req.on('data', (part: Buffer) => (body += part.toString()));
  req.on('end', () => {
    const path = req.url ?? '';
    heard.push({ path, body, host: req.headers.host ?? '' });
    (ANSWERS[path] ?? (() => res.writeHead(200).end('thanks')))(res);
  });
};

function endless(res: { readonly write: (text: string) => boolean; readonly destroyed: boolean }): void {
  const go = (): void => {
    if (res.destroyed) return;
    res.write('x'.repeat(1000));
    setImmediate(go);
  };
  go();
}

async function listen(server: Server, address: string): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return (server.address() as AddressInfo).port;
}

let secure: number;
let plain: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posting-'));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const words = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=receiver.example',
  ];
  const san = ['-addext', 'subjectAltName=DNS:receiver.example'];
  const { status } = spawnSync('openssl', [...words, ...san, '-keyout', key, '-out', cert]);
  expect(status).toBe(0);
  const tls = { key: readFileSync(key), cert: readFileSync(cert) };
  secure = await listen(createHttps(tls, answer), '127.0.0.1');
  plain = await listen(createHttp(answer), '127.0.0.1');
});
afterAll(() => {
  for (const server of servers) {
    (server as unknown as { readonly closeAllConnections: () => void }).closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});
beforeEach(() => (heard = []));

interface Where {
  readonly leadsTo?: readonly string[];
  readonly networks?: string;
  readonly patienceMs?: number;
  readonly stopped?: AbortSignal;
}

function post(url: string, where: Where = {}): Promise<Posted> {
  const { leadsTo = ['127.0.0.1'], networks = '127.0.0.1', patienceMs = 10_000 } = where;
  const resolve = createResolving({
    networks: networksIn(networks),
    ownAddresses: () => [],
    resolve: () => Promise.resolve(leadsTo),
  });
  const send = createPost({ resolve, trust: createTrust(join(folder, 'cert')), patienceMs });
  const posting = { url: new URL(url), headers: { 'webhook-id': 'x' }, body: '{"a":"ü"}' };
  return send(posting, where.stopped ?? new AbortController().signal);
}

const at = (path: string) => `https://receiver.example:${secure}${path}`;
const outcomeOf = async (...asked: Parameters<typeof post>) => (await post(...asked)).outcome;

test('what is sent comes in whole, at the address that was looked at, under the name of the URL', async () => {
  expect(await post(at('/a?b=c'))).toEqual({ outcome: 'delivered', httpStatus: 200, retryAfterMs: null });
  expect(heard).toEqual([{ path: '/a?b=c', body: '{"a":"ü"}', host: `receiver.example:${secure}` }]);
});

test.each([
  ['/redirect', { outcome: 'redirected', httpStatus: 307, retryAfterMs: null }],
  ['/busy', { outcome: 'answered', httpStatus: 503, retryAfterMs: 120_000 }],
  ['/gone', { outcome: 'gone', httpStatus: 410, retryAfterMs: null }],
  ['/endless', { outcome: 'delivered', httpStatus: 200, retryAfterMs: null }],
  ['/break', { outcome: 'unreachable', httpStatus: null, retryAfterMs: null }],
  ['/switch', { outcome: 'unreachable', httpStatus: null, retryAfterMs: null }],
])('at %s it is %j, and asked once', async (path, posted) => {
  expect(await post(at(path))).toEqual(posted);
  expect(heard).toHaveLength(1);
});

test('who does not answer is late, and who has said its status is not', async () => {
  expect(await outcomeOf(at('/never'), { patienceMs: 500 })).toBe('late');
  expect(await outcomeOf(at('/half'), { patienceMs: 500 })).toBe('delivered');
});

test.each(['https', 'http'])(
  'where the network refuses in the same moment it is unreachable, by %s',
  async (scheme) => {
    // A broadcast address: no connection to it is even begun.
    const where = { leadsTo: ['255.255.255.255'], networks: '255.255.255.255' };
    expect(await outcomeOf(`${scheme}://receiver.example:8443/`, where)).toBe('unreachable');
  },
);

test('who is stopped says nothing of how it went', async () => {
  const stopping = new AbortController();
  const posted = post(at('/never'), { stopped: stopping.signal });
  while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  stopping.abort();
  await expect(posted).rejects.toThrow();
});

test('nothing is said to an address that is refused, to another name than its certificate has, or without TLS to nobody known', async () => {
  expect(await outcomeOf(at('/'), { networks: '' })).toBe('refused');
  expect(await outcomeOf(at('/'), { leadsTo: ['127.0.0.1', '127.0.0.2'] })).toBe('refused');
  expect(await outcomeOf(`https://other.example:${secure}/`)).toBe('untrusted');
  expect(await outcomeOf(`https://127.0.0.1:${secure}/`)).toBe('untrusted');
  expect(await outcomeOf(`http://receiver.example:${plain}/`, { networks: '' })).toBe('refused');
  expect(await outcomeOf(`http://receiver.example:${secure}/`)).toBe('unreachable');
  expect(await outcomeOf(`https://receiver.example:${plain}/`)).toMatch(/^(?:untrusted|unreachable)$/);
  expect(heard).toEqual([]);
  expect(await outcomeOf(`http://receiver.example:${plain}/`)).toBe('delivered');
});

test('whom to believe is read anew when it has changed', async () => {
  const path = join(folder, 'authorities');
  writeFileSync(path, readFileSync(join(folder, 'cert')));
  const trust = createTrust(path);
  const first = await trust();
  expect(await trust()).toBe(first);
  await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(path, readFileSync(join(folder, 'cert')));
  expect(await trust()).not.toBe(first);
});
