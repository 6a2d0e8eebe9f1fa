import { existsSync, readFileSync } from 'node:fs';
import { get, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Domain } from '../../contract/domains.ts';
import { Queue } from '../../contract/site-parts.ts';
import { api, accepted, createDomain, ready, succeeded, unique, updateDomain } from './agent.ts';
import { must, page, place, run, sculptorctl, visit } from './server.ts';
import { underLoad } from './under-load.ts';

/* What answers for a site: its PHP, its files, a program of its own, or somebody else. */

beforeAll(async () => {
  await ready();
  const install = ['apt-get', 'install', '--quiet', '--yes', '--no-install-recommends'];
  const wanted = ['pelican', 'nodejs'];
  must('env', ['DEBIAN_FRONTEND=noninteractive', ...install, ...wanted]);
});

const made = (body: object) => createDomain({ name: `${unique('type')}.example`, ...body });
const put = ({ id, name }: Domain, path: string, content: string) =>
  place(`s-${id}`, `/home/www/${name}/${path}`, content);
const queuesOf = async ({ name }: Domain) =>
  ((await api('GET', `/v1/domains/${name}/queues`)).json['items'] as unknown[]).map((one) =>
    Queue.parse(one),
  );

/** Until its program listens: visitors get 502 before. */
async function answering({ name }: Domain, path = '/'): Promise<readonly [number, string]> {
  for (;;) {
    const answer = await page(name, path);
    if (answer[0] !== 502) return answer;
    await pause(200);
  }
}

const SERVER = `const http = require('http');
const server = http.createServer((req, res) => {
  if (req.url === '/long') return setTimeout(() => res.end('at last'), 2500);
  if (req.url === '/drip') { res.write('one'); return setTimeout(() => res.end('two'), 1500); }
  if (req.url === '/jump') { res.setHeader('X-Accel-Redirect', '/secret.txt'); return res.end('mine'); }
  let size = 0;
  req.on('data', (chunk) => (size += chunk.length));
  req.on('end', () => res.end(JSON.stringify({ url: req.url, size, headers: req.headers })));
});
server.listen(process.env.PORT);
`;

test('a redirect site sends its visitors on, by what its option says, and keeps its files', async () => {
  const bare = await api('POST', '/v1/domains', {
    body: { name: `${unique('bare')}.example`, type: 'redirect' },
  });
  expect([bare.status, bare.text]).toEqual([422, expect.stringContaining('options.redirect') as string]);
  const site = await made({ type: 'static' });
  put(site, 'public/index.html', 'kept');
  const redirect = { to: 'https://other.example/shop/', status: 302 };
  await updateDomain(site.name, { type: 'redirect', options: { redirect } });
  const seen = async (path: string) => {
    const answer = await visit(site.name, path);
    return answer === 'closed' ? answer : [answer.status, answer.headers.location];
  };
  expect(await seen('/a.php/b?c=%20d')).toEqual([302, 'https://other.example/shop/a.php/b?c=%20d']);
  await updateDomain(site.name, { options: { redirect: { to: 'https://bücher.example', keepPath: false } } });
  expect(await seen('/a?b')).toEqual([308, 'https://xn--bcher-kva.example']);
  await updateDomain(site.name, { type: 'static' });
  expect(await page(site.name)).toEqual([200, 'kept']);
  expect(existsSync(`/etc/nginx/sculptor/sites/${site.id}.conf`)).toBe(false);
});

test('a node site answers by its own program, begun with it, and again after that was killed or started anew', async () => {
  const site = await made({ type: 'node' });
  expect((await queuesOf(site)).map(({ name }) => name)).toEqual(['app']);
  expect((await page(site.name))[0]).toBe(502);
  put(site, 'private/server.js', SERVER);
  const [status, text] = await answering(site, '/a%20b?c=d');
  expect([status, (JSON.parse(text) as { url: string }).url]).toEqual([200, '/a%20b?c=d']);
  const socket = `/home/www/${site.name}/tmp/app.sock`;
  expect(must('stat', ['--format=%U %F', socket])).toBe(`s-${site.id} socket\n`);
  must('pkill', ['-KILL', '-u', `s-${site.id}`, '-f', '^node server.js']);
  expect((await answering(site))[0]).toBe(200);
  await succeeded(await accepted('POST', `/v1/domains/${site.name}/queues/app/restart`));
  expect((await answering(site))[0]).toBe(200);
  const slice = must('systemctl', ['show', '-P', 'Slice', `sculptor-relay@${site.id}.service`]).trim();
  expect(slice).toBe(`sculptor-${site.id}.slice`);
  expect(run('sculptorctl', ['doctor']).out).not.toContain(site.id);
});

test('its program is told of the visitor by nginx alone, and takes long requests, slow answers and large bodies', async () => {
  const site = await made({
    type: 'node',
    start: ['node', '-e', SERVER.replaceAll('\n', ' ')],
    options: { buffering: false },
  });
  await answering(site);
  const forged = { 'X-Forwarded-For': '6.6.6.6', 'X-Forwarded-Proto': 'https', Forwarded: 'for=6.6.6.6' };
  const more = { 'X-Forwarded-Host': 'evil.example', 'X-Real-IP': '6.6.6.6', Upgrade: 'h2c', Proxy: 'x' };
  const { headers } = JSON.parse(
    must('curl', [
      ...['--silent', '--header', `Host: ${site.name}`, 'http://127.0.0.1/'],
      ...Object.entries({ ...forged, ...more }).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ]),
  ) as { headers: Record<string, string> };
  expect(headers).toMatchObject({
    ...{ host: site.name, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' },
    ...{ 'x-forwarded-host': site.name, 'x-real-ip': '127.0.0.1', connection: 'close' },
  });
  for (const name of ['forwarded', 'upgrade', 'proxy']) expect(headers).not.toHaveProperty(name);
  expect(await page(site.name, '/long')).toEqual([200, 'at last']);
  const chunks = await new Promise<string[]>((resolve, reject) => {
    const seen: string[] = [];
    get({ host: '127.0.0.1', path: '/drip', headers: { host: site.name } }, (answer) => {
      answer.on('data', (chunk: Buffer) => seen.push(chunk.toString())).on('end', () => resolve(seen));
    }).on('error', reject);
  });
  expect(chunks).toEqual(['one', 'two']);
  put(site, 'public/secret.txt', 'secret');
  expect(await page(site.name, '/jump')).toEqual([200, 'mine']);
  await updateDomain(site.name, { options: { bodyBytes: 2048 } });
  const posted = async (size: number) => {
    const answer = await visit(site.name, '/', { form: { x: 'a'.repeat(size - 2) } });
    return answer === 'closed' ? 0 : answer.status;
  };
  expect([await posted(2048), await posted(2049)]).toEqual([200, 413]);
});

/** The handshake of RFC 6455, then whatever comes is sent back. */
const ECHO = `const http = require('http'), crypto = require('crypto');
const server = http.createServer((req, res) => res.end('okay'));
server.on('upgrade', (req, socket) => {
  const key = req.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  const accept = crypto.createHash('sha1').update(key).digest('base64');
  socket.write(['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade',
    'Sec-WebSocket-Accept: ' + accept, '', ''].join('\\r\\n'));
  socket.pipe(socket);
});
server.listen(process.env.PORT);`.replaceAll('\n', ' ');

test('a WebSocket goes through to the program, and stays open', async () => {
  const site = await made({ type: 'node', start: ['node', '-e', ECHO] });
  expect(await answering(site)).toEqual([200, 'okay']);
  const said = await new Promise((resolve, reject) => {
    const headers = {
      ...{ host: site.name, connection: 'Upgrade', upgrade: 'websocket' },
      ...{ 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' },
    };
    const outgoing = request({ host: '127.0.0.1', headers }).on('error', reject).end();
    outgoing.on('response', (answer) => reject(new Error(`it is answered with ${answer.statusCode ?? 0}`)));
    outgoing.on('upgrade', (answer, socket) => {
      socket.on('data', (chunk: Buffer) => {
        socket.destroy();
        resolve([answer.headers['sec-websocket-accept'], chunk.toString()]);
      });
      setTimeout(() => socket.write('hello'), 1500);
    });
  });
  expect(said).toEqual(['s3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'hello']);
});

test('a generator of static sites that nobody here wrote makes what a site serves', async () => {
  const site = await made({ type: 'static' });
  put(site, 'private/blog/content/first.rst', 'First\n#####\n\n:date: 2026-01-02\n\nWritten by *hand*.\n');
  const words = ['--directory', 'private/blog', '--', 'pelican', 'content', '--output', '../../public'];
  expect(sculptorctl('domain', 'run', site.name, ...words)).toMatchObject({ code: 0 });
  const [status, text] = await page(site.name);
  expect(status).toBe(200);
  expect(text).toContain('First');
  expect((await page(site.name, '/first.html'))[1]).toContain('Written by <em>hand</em>');
});

test('a laravel site serves its project’s own public alone, and its queue and scheduler wait for the project', async () => {
  const site = await made({ type: 'laravel' });
  expect(site.publicDirectory).toBe('public/public');
  const [queue] = await queuesOf(site);
  expect(queue?.name).toBe('queue');
  const { items } = (await api('GET', `/v1/domains/${site.name}/crons`)).json as {
    items: { name: string }[];
  };
  expect(items.map(({ name }) => name)).toEqual(['scheduler']);
  put(site, 'public/public/index.php', '<?php echo "front ", $_SERVER["REQUEST_URI"];');
  put(site, 'public/artisan', '<?php while (true) { echo "at ", $argv[1], "\\n"; sleep(1); }');
  put(site, 'public/.env', 'SECRET=1');
  expect(await page(site.name, '/any/where')).toEqual([200, 'front /any/where']);
  for (const path of ['/artisan', '/../artisan', '/.env'])
    expect((await page(site.name, path))[1]).not.toMatch(/SECRET|while/);
  const said = async () =>
    (await api('GET', `/v1/domains/${site.name}/queues/queue/output`)).text.includes('at queue:work');
  while (!(await said())) await pause(300);
  await updateDomain(site.name, { type: 'static' });
  expect((await page(site.name, '/artisan'))[0]).toBe(404);
});

test('under load a site becomes each type and another, with its files, and no request fails here or next door', async () => {
  const [site, neighbour] = [await made({ type: 'php' }), await made({ type: 'static' })];
  put(neighbour, 'public/index.html', 'next door');
  put(site, 'public/index.php', '<?php echo "here";');
  put(site, 'public/index.html', 'here');
  put(site, 'public/public/index.php', '<?php echo "here";');
  put(site, 'public/public/index.html', 'here');
  put(
    site,
    'private/server.js',
    `require('http').createServer((q, s) => s.end('here')).listen(process.env.PORT);`,
  );
  // Made before it is needed: then the change to it is no stop.
  await updateDomain(site.name, { type: 'node' });
  await answering(site);
  const redirect = { to: 'https://other.example' };
  const [own, other] = await underLoad(
    [
      { host: site.name, path: '/', expected: /^(?:200 here$|308 )/ },
      { host: neighbour.name, path: '/', expected: /^200 next door$/ },
    ],
    async () => {
      for (const type of ['php', 'static', 'node', 'proxy', 'laravel', 'node', 'laravel', 'static'])
        await updateDomain(site.name, { type });
      for (const type of ['php', 'laravel', 'static', 'proxy']) {
        await updateDomain(site.name, { type: 'redirect', options: { redirect } });
        await updateDomain(site.name, { type });
      }
    },
  );
  expect(own?.failed).toEqual([]);
  expect(other?.failed).toEqual([]);
  expect(other?.asked).toBeGreaterThan(20);
  await updateDomain(site.name, { type: 'static', publicDirectory: 'public' });
  expect(await page(site.name)).toEqual([200, 'here']);
  expect(readFileSync(`/home/www/${site.name}/private/server.js`, 'utf8')).toContain('listen');
});

test('it is off while the site is switched off, in the trash or suspended, and comes back with it', async () => {
  const site = await made({ type: 'node', start: ['node', '-e', SERVER.replaceAll('\n', ' ')] });
  await answering(site);
  const socket = () => run('systemctl', ['is-active', `sculptor-relay@${site.id}.socket`]).out.trim();
  await updateDomain(site.name, { enabled: false });
  expect([socket(), (await page(site.name))[0]]).toEqual(['inactive', 503]);
  await updateDomain(site.name, { enabled: true });
  expect([socket(), (await answering(site))[0]]).toEqual(['active', 200]);
  await succeeded(await accepted('DELETE', `/v1/domains/${site.name}`));
  expect(socket()).toBe('inactive');
  await succeeded(await accepted('POST', `/v1/domains/${site.id}/restore`));
  expect((await answering(site))[0]).toBe(200);
});

test('a site without what its type needs says so', async () => {
  const inPool = { name: `${unique('pool')}.example`, type: 'node', isolation: 'pool' };
  expect((await api('POST', '/v1/domains', { body: inPool })).text).toContain('"field":"type"');
  const itself = unique('itself');
  const redirect = { to: `https://www.${itself}.example/` };
  const body = {
    name: `${itself}.example`,
    aliases: [`www.${itself}.example`],
    type: 'redirect',
    options: { redirect },
  };
  expect((await api('POST', '/v1/domains', { body })).text).toContain('options.redirect.to');
});
