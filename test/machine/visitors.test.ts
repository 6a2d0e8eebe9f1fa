import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get, request, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Domain } from '../../contract/domains.ts';
import { createDomain, exchange, ready, unique } from './agent.ts';
import { must, page, place, run } from './server.ts';

/* What one visitor, or all visitors of one site, can take of what nginx has for all. */

beforeAll(ready);

const PASSWORD = 'correct horse';
const made = (options: object = {}) => createDomain({ name: `${unique('visited')}.example`, options });
const put = ({ id, name }: Domain, path: string, content: string) =>
  place(`s-${id}`, `/home/www/${name}/public/${path}`, content);

async function guarded(): Promise<Domain> {
  const passwordHash = must('openssl', ['passwd', '-6', '-stdin'], `${PASSWORD}\n`).trim();
  const domain = await made({ basicAuth: { users: [{ name: 'anna', passwordHash }] } });
  put(domain, 'index.php', '<?php echo "in";');
  return domain;
}

/** The status that a visitor of that address gets, with a password or without one. */
async function asked({ name }: Domain, localAddress: string, password?: string): Promise<number> {
  const authorization = `Basic ${Buffer.from(`anna:${password ?? ''}`).toString('base64')}`;
  const headers = { host: name, ...(password === undefined ? {} : { authorization }) };
  const where = { host: '127.0.0.1', port: 80, family: 4, localAddress, path: '/' };
  return (await exchange({ ...where, headers })).status;
}

const times = <T>(count: number, act: (number: number) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: count }, (_, number) => act(number)));

test('who guesses passwords is slowed and then refused, and another visitor comes in with the right one', async () => {
  const domain = await guarded();
  const state = { over: false };
  const guesses = times(400, (number) => asked(domain, '127.0.0.2', `wrong ${number}`));
  void guesses.finally(() => (state.over = true));
  const right: number[] = [];
  do right.push(await asked(domain, '127.0.0.3', PASSWORD));
  while (!state.over && right.length < 20);
  expect(new Set(right)).toEqual(new Set([200]));
  expect([...new Set(await guesses)].sort()).toEqual([401, 429]);
});

test('who brings no password is asked for one, however often, and takes nobody’s place', async () => {
  const domain = await guarded();
  expect(new Set(await times(400, () => asked(domain, '127.0.0.4')))).toEqual(new Set([401]));
  expect(await asked(domain, '127.0.0.4', PASSWORD)).toBe(200);
});

test('a page and all that is on it comes at once, each counted once, though an index is looked for', async () => {
  const domain = await guarded();
  expect(new Set(await times(120, () => asked(domain, '127.0.0.5', PASSWORD)))).toEqual(new Set([200]));
});

type Sent = { readonly seen: 'taken' | number; readonly end: () => void };

/** Says that a body comes, and sends none of it: `taken` once nginx waits for it. */
function send({ name }: Domain, localAddress: string, headers: Record<string, string>): Promise<Sent> {
  const where = { host: '127.0.0.1', port: 80, family: 4, localAddress, path: '/index.php', method: 'POST' };
  return new Promise((resolve, reject) => {
    const outgoing = request({
      ...where,
      agent: false,
      headers: { host: name, expect: '100-continue', ...headers },
    });
    const end = () => outgoing.on('error', () => undefined).destroy();
    outgoing.once('error', reject);
    outgoing.once('continue', () => resolve({ seen: 'taken', end }));
    outgoing.once('response', (answer) => resolve({ seen: answer.statusCode ?? 0, end }));
    outgoing.flushHeaders();
  });
}

const LARGE = { 'content-length': '2000000' };
const CHUNKED = { 'transfer-encoding': 'chunked' };

test('of large bodies so many come in at once from a visitor, and to a site, and all others as before', async () => {
  const [domain, neighbour] = [await made(), await made()];
  for (const one of [domain, neighbour]) put(one, 'index.php', '<?php echo "here";');
  const sent: Sent[] = [];
  const sends = async (to: Domain, from: string, headers: Record<string, string>) => {
    sent.push(await send(to, from, headers));
    return sent.at(-1)?.seen;
  };
  for (const from of ['127.0.0.2', '127.0.0.3'])
    for (let number = 0; number < 16; number += 1)
      expect(await sends(domain, from, number % 2 ? LARGE : CHUNKED)).toBe('taken');
  expect(await sends(domain, '127.0.0.4', LARGE)).toBe(429);
  expect(await sends(domain, '127.0.0.4', CHUNKED)).toBe(429);
  expect(await sends(neighbour, '127.0.0.2', LARGE)).toBe(429);
  expect(await sends(neighbour, '127.0.0.4', LARGE)).toBe('taken');
  expect(await sends(domain, '127.0.0.2', { 'content-length': '999999' })).toBe('taken');
  expect(await page(domain.name)).toEqual([200, 'here']);
  for (const { end } of sent) end();
});

test('the larger the bodies of a site may be, the fewer come in at once', async () => {
  const domain = await made({ bodyBytes: 1_073_741_824 });
  put(domain, 'index.php', '<?php echo "here";');
  const sent: Sent[] = [];
  const huge = { 'content-length': '70000000' };
  for (const headers of [huge, CHUNKED, huge, LARGE, { 'content-length': '60000000' }])
    sent.push(await send(domain, '127.0.0.2', headers));
  expect(sent.map(({ seen }) => seen)).toEqual(['taken', 'taken', 429, 'taken', 'taken']);
  for (const { end } of sent) end();
});

test('an authority is answered, however many visit the site', async () => {
  const domain = await made({});
  put(domain, 'index.php', '<?php echo "here";');
  const challenge = '/var/lib/sculptor-acme/webroot/.well-known/acme-challenge/of-visitors';
  writeFileSync(challenge, 'answered');
  const small = { 'content-length': '999999' };
  const sent = [...(await times(256, () => send(domain, '127.0.0.2', small)))];
  sent.push(await send(domain, '127.0.0.3', small));
  expect(sent.at(-1)?.seen).toBe(429);
  expect(await page(domain.name, '/.well-known/acme-challenge/of-visitors')).toEqual([200, 'answered']);
  for (const { end } of sent) end();
  rmSync(challenge);
});

/** Until it is the same twice in a row. */
async function settledAt(read: () => number): Promise<number> {
  for (let before = -1; ;) {
    const now = read();
    if (now > 0 && now === before) return now;
    before = now;
    await pause(500);
  }
}

test('of an answer that is fetched slowly a few megabytes set its PHP free, and of more its PHP keeps the rest', async () => {
  const domain = await made();
  const noted = `/home/www/${domain.name}/private/at`;
  put(
    domain,
    'index.php',
    `<?php for ($at = 1; $at <= 64; $at++) { echo str_repeat('x', 1 << 20); flush(); file_put_contents('${noted}', $at); }`,
  );
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', agent: false, headers: { host: domain.name } }, resolve).on('error', reject);
  });
  const at = () => Number(run('cat', [noted]).out);
  const reached = await settledAt(at);
  expect([reached >= 4, reached < 64]).toEqual([true, true]);
  // They have no name any more.
  const open = run('/bin/sh', [
    '-c',
    "find /proc/[0-9]*/fd -lname '/var/lib/sculptor-nginx/*' -exec stat -L -c %s {} + 2>/dev/null",
  ]);
  for (const size of open.out.split('\n')) expect(Number(size)).toBeLessThanOrEqual(5 << 20);
  let size = 0;
  for await (const chunk of answer) size += (chunk as Buffer).length;
  expect(size).toBe(64 << 20);
});

const LOG = '/var/log/sculptor/nginx/error.log';

test('logs that grow between the daily rounds are rotated, and nginx goes on in new ones', () => {
  const inode = () => statSync(LOG).ino;
  const handshake = () =>
    run('openssl', ['s_client', '-connect', '127.0.0.1:443', '-servername', 'nobody.example']);
  const table = readFileSync('/etc/cron.d/sculptor', 'utf8');
  const [, command = ''] = /^\*\/5 \* \* \* \* root (.*)$/m.exec(table) ?? [];
  const before = inode();
  must('/bin/sh', ['-ec', command]);
  expect(inode()).toBe(before);
  must('truncate', ['--size=300M', LOG]);
  must('/bin/sh', ['-ec', command]);
  expect(inode()).not.toBe(before);
  // Each handshake without a certificate is a line.
  while (!readFileSync(LOG, 'utf8').includes('cannot load certificate')) handshake();
  expect(statSync(LOG).size).toBeLessThan(1 << 20);
  must('rm', ['-f', `${LOG}.1`]);
});
