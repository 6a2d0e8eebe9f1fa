import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { Domain } from '../../contract/domains.ts';
import { DEFAULT_OPTIONS, type ChangedOptions } from '../../contract/site-options.ts';
import { api, createDomain, ready, unique, updateDomain, type Answer } from './agent.ts';
import { as, must, page, place, run, sculptorctl, visit } from './server.ts';
import { underLoad } from './under-load.ts';

beforeAll(ready);

async function made(options: object, body: object = {}): Promise<Domain> {
  return createDomain({ name: `${unique('options')}.example`, options, ...body });
}

function put(domain: Domain, path: string, content: string): void {
  place(`s-${domain.id}`, `/home/www/${domain.name}/public/${path}`, content);
}

async function status(host: string, path = '/', form?: Record<string, string>): Promise<number> {
  const answer = await visit(host, path, form ? { form } : {});
  return answer === 'closed' ? 0 : answer.status;
}

function ownBlock({ id }: Domain): string | null {
  const path = `/etc/nginx/sculptor/sites/${id}.conf`;
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

const leadsNowhere = (name: string) => readlinkSync(`/etc/sculptor/hosts/${name}`).startsWith('../held/');

test('a file of the index is served before the usual ones, and these where it is not there', async () => {
  const domain = await made({ index: ['start.php', 'home.html'] });
  put(domain, 'index.html', 'usual');
  expect(await page(domain.name)).toEqual([200, 'usual']);
  put(domain, 'home.html', 'home');
  expect(await page(domain.name)).toEqual([200, 'home']);
  put(domain, 'start.php', '<?php echo 1 + 1;');
  expect(await page(domain.name)).toEqual([200, '2']);
});

test('a body as large as the option says is taken, a larger one is refused', async () => {
  const domain = await made({ bodyBytes: 2048 });
  put(domain, 'index.php', '<?php echo strlen($_POST["x"]);');
  const usual = await made({});
  put(usual, 'index.php', '<?php echo strlen($_POST["x"]);');
  expect(await status(domain.name, '/', { x: 'a'.repeat(2046) })).toBe(200);
  expect(await status(domain.name, '/', { x: 'a'.repeat(2047) })).toBe(413);
  expect(await status(usual.name, '/', { x: 'a'.repeat(2047) })).toBe(200);
});

test('PHP that says nothing for longer than the option says is answered for', async () => {
  const domain = await made({ timeoutSeconds: 1 });
  put(domain, 'slow.php', '<?php sleep(4); echo "late";');
  put(domain, 'quick.php', '<?php echo "quick";');
  expect(await status(domain.name, '/slow.php')).toBe(504);
  expect(await page(domain.name, '/quick.php')).toEqual([200, 'quick']);
});

test('who is not in the list of addresses gets nothing, PHP included, until the list is empty again', async () => {
  const domain = await made({ allowedAddresses: ['203.0.113.0/24', '2001:db8::/32'] });
  put(domain, 'index.php', '<?php echo "in";');
  put(domain, 'a.txt', 'in');
  for (const path of ['/', '/a.txt', '/index.php', '/nowhere'])
    expect(await status(domain.name, path)).toBe(403);
  await updateDomain(domain.name, { options: { allowedAddresses: ['127.0.0.1'] } });
  expect(await page(domain.name)).toEqual([200, 'in']);
  await updateDomain(domain.name, { options: { allowedAddresses: [] } });
  expect(ownBlock(domain)).toBeNull();
  expect(await page(domain.name)).toEqual([200, 'in']);
});

test('a visit is written into the access log, unless the option says no', async () => {
  const [quiet, usual] = [await made({ accessLog: false }), await made({})];
  for (const { name } of [quiet, usual]) await page(name, '/seen');
  // nginx writes the line once the answer has gone out.
  const log = () => readFileSync('/var/log/sculptor/nginx/access.log', 'utf8');
  while (!log().includes(`"host":"${usual.name}"`)) await pause(50);
  expect(log()).not.toContain(quiet.name);
});

const PASSWORD = 'correct horse';
const hashOf = (password: string) => must('openssl', ['passwd', '-6', '-stdin'], `${password}\n`).trim();
const login = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

async function answer(host: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> {
  const seen = await visit(host, path, { headers });
  if (seen === 'closed') throw new Error(`${host} was closed`);
  return seen;
}

test.each([
  ['toWww', (name: string) => name, (name: string) => `www.${name}`],
  ['fromWww', (name: string) => `www.${name}`, (name: string) => name],
])(
  '%s sends who asks for the one name to the other, form and all, and serves that',
  async (www, from, to) => {
    const name = `${unique('www')}.example`;
    const other = `${unique('other')}.example`;
    const domain = await createDomain({ name, aliases: [`www.${name}`, other], options: { www } });
    put(domain, 'index.php', '<?php echo "here";');
    const sent = await answer(from(name), '/a/b?c=d%0d%0ae');
    expect([sent.status, sent.headers.location]).toEqual([308, `http://${to(name)}/a/b?c=d%0d%0ae`]);
    expect(await page(to(name))).toEqual([200, 'here']);
    expect(await page(other)).toEqual([200, 'here']);
    expect((await api('PATCH', `/v1/domains/${name}`, { body: { aliases: [] } })).status).toBe(422);
    await updateDomain(name, { options: { www: 'asIs' } });
    expect(ownBlock(domain)).toBeNull();
    expect(await page(from(name))).toEqual([200, 'here']);
  },
);

test('HTTPS is forced once there is a certificate, without a server block, and not upon an authority', async () => {
  const domain = await made({ forceHttps: true });
  put(domain, 'index.php', '<?php echo "here";');
  expect(ownBlock(domain)).toBeNull();
  expect(await page(domain.name)).toEqual([200, 'here']);
  const folder = `/etc/sculptor/sites/${domain.id}/tls`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/chain.pem`, '');
  const sent = await answer(domain.name, '/a?b=c', { host: `${domain.name}:80` });
  expect([sent.status, sent.headers.location]).toEqual([308, `https://${domain.name}/a?b=c`]);
  expect(await status(domain.name, '/.well-known/acme-challenge/nothing')).toBe(404);
  await updateDomain(domain.name, { options: { forceHttps: false } });
  expect(await page(domain.name)).toEqual([200, 'here']);
  rmSync(folder, { recursive: true });
});

test('what may be kept is said of files that are no pages, and of nothing that PHP makes', async () => {
  const domain = await made({ staticCacheSeconds: 3600 });
  put(domain, 'index.php', '<?php echo "php";');
  put(domain, 'a.css', 'css');
  put(domain, 'a.html', 'html');
  const kept = async (path: string) => (await answer(domain.name, path)).headers['cache-control'];
  expect(await kept('/a.css')).toBe('max-age=3600');
  for (const path of ['/', '/a.html', '/made-by-php.css', '/index.php'])
    expect(await kept(path)).toBeUndefined();
  await updateDomain(domain.name, { options: { staticCacheSeconds: 0 } });
  expect(await kept('/a.css')).toBe('max-age=0');
});

test('who has no password gets nothing, PHP included, and each kind of hash lets its owner in', async () => {
  const bcrypt = must('php', ['-r', `echo password_hash("${PASSWORD}", PASSWORD_BCRYPT, ["cost" => 5]);`]);
  const rounds = must(
    'openssl',
    ['passwd', '-6', '-salt', 'rounds=10000$abcdefgh', '-stdin'],
    `${PASSWORD}
`,
  ).trim();
  const users = [
    { name: 'anna', passwordHash: hashOf(PASSWORD) },
    { name: 'bert@b.example', passwordHash: bcrypt },
    { name: 'carl', passwordHash: rounds },
  ];
  const domain = await made({ basicAuth: { realm: 'Members only', users } });
  put(domain, 'index.php', '<?php echo "in";');
  put(domain, 'a.txt', 'in');
  for (const path of ['/', '/a.txt', '/index.php', '/nowhere']) {
    const asked = await answer(domain.name, path);
    expect([asked.status, asked.headers['www-authenticate']]).toEqual([401, 'Basic realm="Members only"']);
  }
  for (const { name } of users) {
    expect(await answer(domain.name, '/', login(name, PASSWORD))).toMatchObject({ status: 200, text: 'in' });
    expect((await answer(domain.name, '/', login(name, 'wrong'))).status).toBe(401);
  }
  // What a wrong one costs grows with its length.
  expect((await answer(domain.name, '/', login('anna', 'x'.repeat(300)))).status).toBe(400);
  expect(domain.options.basicAuth).toEqual({
    realm: 'Members only',
    users: users.map(({ name }) => ({ name })),
  });
  const { realm } = domain.options.basicAuth ?? { realm: '' };
  await updateDomain(domain.name, { options: { basicAuth: { realm, users: [{ name: 'carl' }] } } });
  expect((await answer(domain.name, '/', login('carl', PASSWORD))).status).toBe(200);
  expect((await answer(domain.name, '/', login('anna', PASSWORD))).status).toBe(401);
  const file = `/etc/nginx/sculptor/visitors/${domain.id}`;
  expect(must('stat', ['-c', '%U:%G %a', file])).toBe('root:nginx 640\n');
  expect(as(`s-${domain.id}`, '/bin/cat', file).code).not.toBe(0);
  await updateDomain(domain.name, { options: { basicAuth: null } });
  expect([existsSync(file), await page(domain.name)]).toEqual([false, [200, 'in']]);
});

test('a page for errors is shown with its status, and nginx’s own where it is not there', async () => {
  const errorPages = { 403: '/e/403.html', 404: '/e/404.html', 500: '/e/500.html', 502: '/e/no.html' };
  const domain = await made({ errorPages });
  for (const code of [403, 404, 500]) put(domain, `e/${code}.html`, `page ${code}`);
  put(domain, 'broken.php', '<?php http_response_code(500);');
  expect(await page(domain.name, '/nowhere')).toEqual([404, 'page 404']);
  expect(await page(domain.name, '/broken.php')).toEqual([500, 'page 500']);
  expect((await visit(domain.name, '/nowhere', { form: { a: 'b' } })) as object).toMatchObject({
    ...{ status: 404, text: 'page 404' },
  });
  await updateDomain(domain.name, { options: { allowedAddresses: ['203.0.113.1'] } });
  expect(await page(domain.name, '/e/404.html')).toEqual([403, 'page 403']);
  await updateDomain(domain.name, { options: { allowedAddresses: [] }, enabled: false });
  expect((await answer(domain.name)).text).toContain('switched off');
  await updateDomain(domain.name, { enabled: true });
  must('rm', [`/home/www/${domain.name}/public/e/404.html`]);
  expect((await answer(domain.name, '/nowhere')).text).toContain('404 Not Found');
  put(domain, 'gone.php', '<?php posix_kill(getmypid(), 9);');
  expect((await answer(domain.name, '/gone.php')).status).toBe(502);
});

/** For the name of 253 octets, which leaves no room for a `www.` before it. */
function longName(): string {
  const label = (letter: string) => letter.repeat(63);
  const long = `www.${unique('l')}${'l'.repeat(20)}.${label('m')}.${label('n')}.${label('o')}`;
  return `${long}.${'p'.repeat(252 - long.length)}`;
}

test('every option at once, on a name of 253 octets, an internationalised one and forty aliases, serves on all', async () => {
  const name = longName();
  const international = `${unique('mü')}ller.example`;
  const others = Array.from({ length: 40 }, () => `${unique('alias')}.example`);
  const users = [{ name: 'anna', passwordHash: hashOf(PASSWORD) }];
  const options: ChangedOptions = {
    ...{ index: ['home.html'], bodyBytes: 1024, timeoutSeconds: 1, accessLog: false },
    ...{ allowedAddresses: ['127.0.0.0/8', '::1'] as never, www: 'fromWww', forceHttps: true },
    ...{ hsts: { maxAgeSeconds: 31_536_000, includeSubdomains: true, preload: true } },
    ...{ staticCacheSeconds: 60, errorPages: { 404: '/404.html' }, buffering: false },
    redirect: { to: 'https://other.example', status: 308, keepPath: true },
    basicAuth: { realm: 'Members', users },
  };
  expect(Object.keys(options).sort()).toEqual(Object.keys(DEFAULT_OPTIONS).sort());
  const aliases = [...others, international, name.slice(4)];
  const domain = await createDomain({ name, aliases, options });
  expect(domain.name).toHaveLength(253);
  put(domain, 'home.html', 'home');
  put(domain, 'a.css', 'css');
  put(domain, '404.html', 'nothing here');
  expect(domain.aliases).toHaveLength(42);
  const anna = login('anna', PASSWORD);
  const moved = await answer(domain.name);
  expect([moved.status, moved.headers.location]).toEqual([308, `http://${name.slice(4)}/`]);
  for (const host of domain.aliases) {
    expect(await answer(host, '/', anna)).toMatchObject({ status: 200, text: 'home' });
    expect((await answer(host)).status).toBe(401);
  }
  const [host = ''] = others;
  expect(await answer(host, '/nowhere', anna)).toMatchObject({ status: 404, text: 'nothing here' });
  const css = await answer(host, '/a.css', anna);
  expect(css.headers['cache-control']).toBe('max-age=60');
  expect(css.headers['strict-transport-security']).toBeUndefined();
  expect(run('sculptorctl', ['doctor']).out).not.toContain(domain.id);
});

const EACH: readonly ChangedOptions[] = [
  { index: ['index.php'] },
  { bodyBytes: 4096 },
  { timeoutSeconds: 20 },
  { allowedAddresses: ['127.0.0.0/8'] as never },
  { accessLog: false },
  { www: 'toWww' },
  { forceHttps: true },
  { hsts: { maxAgeSeconds: 60, includeSubdomains: false, preload: false } },
  { staticCacheSeconds: 60 },
  { errorPages: { 404: '/404.html' } },
  { buffering: false },
  { redirect: { to: 'https://other.example', status: 308, keepPath: true } },
];

test('a change of any option under load fails no request, here and at a neighbour', async () => {
  // To ask for passwords is another answer, and the next test.
  const changed = EACH.flatMap((options) => Object.keys(options));
  expect([...changed, 'basicAuth'].sort()).toEqual(Object.keys(DEFAULT_OPTIONS).sort());
  const name = `${unique('www.options')}.example`;
  const domain = await createDomain({ name, aliases: [name.slice(4)] });
  const neighbour = await made({});
  for (const one of [domain, neighbour]) put(one, 'index.php', '<?php echo "here";');
  const hosts = [name, neighbour.name].map((host) => ({ host, path: '/', expected: /^200 here$/ }));
  const seen = await underLoad(hosts, async () => {
    for (const options of EACH) await updateDomain(domain.name, { options });
    await updateDomain(domain.name, { aliases: [name.slice(4), `${unique('alias')}.example`] });
    await updateDomain(domain.name, { options: DEFAULT_OPTIONS });
  });
  expect(seen.map(({ failed }) => failed)).toEqual([[], []]);
  expect(ownBlock(domain)).toBeNull();
});

test('to ask for passwords under load answers 401 from then on, and never anything else', async () => {
  const [domain, neighbour] = [await made({}), await made({})];
  for (const one of [domain, neighbour]) put(one, 'index.php', '<?php echo "here";');
  const users = [{ name: 'anna', passwordHash: hashOf(PASSWORD) }];
  const seen = await underLoad(
    [
      { host: domain.name, path: '/', expected: /^(?:200 here$|401 )/ },
      { host: neighbour.name, path: '/', expected: /^200 here$/ },
    ],
    async () => {
      await updateDomain(domain.name, { options: { basicAuth: { users } } });
      expect(await status(domain.name)).toBe(401);
      await updateDomain(domain.name, { options: { basicAuth: null } });
    },
  );
  expect(seen.map(({ failed }) => failed)).toEqual([[], []]);
});

test('who came before passwords were asked for, and asks after that, is answered', async () => {
  const domain = await made({});
  put(domain, 'index.php', '<?php echo "here";');
  const visitor = connect(80, '127.0.0.1');
  await once(visitor, 'connect');
  const users = [{ name: 'anna', passwordHash: hashOf(PASSWORD) }];
  const change = updateDomain(domain.name, { options: { basicAuth: { users } } });
  while ((await status(domain.name)) !== 401) await pause(20);
  // The name leads nowhere from then on, or not before this visitor has asked, who is waited for a while.
  for (let looks = 0; looks < 25 && !leadsNowhere(domain.name); looks += 1) await pause(20);
  visitor.write(`GET / HTTP/1.1\r\nHost: ${domain.name}\r\nConnection: close\r\n\r\n`);
  // Whose worker of nginx had it is chance.
  expect(await text(visitor)).toMatch(/^HTTP\/1\.1 (?:200|401) /);
  await change;
});

test('sculptorctl sets an option, shows it, and doctor finds the server block as it should be', async () => {
  const domain = await made({});
  expect(sculptorctl('domain', 'update', domain.name, '--option', 'bodyBytes=4096')).toMatchObject({
    code: 0,
  });
  expect(sculptorctl('domain', 'show', domain.name).out).toMatch(/option bodyBytes +4096/);
  expect(ownBlock(domain)).toContain('client_max_body_size 4096;');
  expect(run('sculptorctl', ['doctor']).out).not.toContain(domain.id);
});
