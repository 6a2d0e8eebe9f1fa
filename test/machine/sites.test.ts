import { existsSync, readdirSync, statSync } from 'node:fs';
import type { Domain } from '../../contract/domains.ts';
import {
  accepted,
  api,
  createDomain,
  ended,
  readDomain,
  ready,
  succeeded,
  unique,
  updateDomain,
} from './agent.ts';
import { as, must, page, place, run, sculptorctl, visit } from './server.ts';

beforeAll(ready);

const PHP =
  '<?php header("content-type: text/plain"); echo "I am " . $_SERVER["HTTP_HOST"] . " as " . exec("id -un");';

function user(domain: Domain): string {
  return domain.isolation === 'pool' ? 'www' : `s-${domain.id}`;
}

function put(domain: Domain, path: string, content: string): void {
  place(user(domain), `/home/www/${domain.name}/${path}`, content);
}

test('a PHP site runs as its own user as soon as its operation has succeeded', async () => {
  const domain = await createDomain({ name: `${unique('php')}.example` });
  put(domain, 'public/index.php', PHP);
  expect(await page(domain.name)).toEqual([200, `I am ${domain.name} as s-${domain.id}`]);
  expect(domain).toMatchObject({ status: 'live', type: 'php', isolation: 'site', enabled: true });
});

test('a site in the pool runs as www, and reads what its neighbours of the pool have, as the API says', async () => {
  const [one, two] = [await pooled(), await pooled()];
  put(one, 'public/index.php', PHP);
  expect(await page(one.name)).toEqual([200, `I am ${one.name} as www`]);
  put(two, 'private/shared.txt', 'of the pool');
  put(one, 'public/read.php', `<?php echo file_get_contents('/home/www/${two.name}/private/shared.txt');`);
  expect(await page(one.name, '/read.php')).toEqual([200, 'of the pool']);
});

function pooled(): Promise<Domain> {
  return createDomain({ name: `${unique('pool')}.example`, isolation: 'pool' });
}

test('a static site serves its files, and never the source of a PHP file', async () => {
  const domain = await createDomain({ name: `${unique('static')}.example`, type: 'static' });
  expect(domain.phpVersion).toBeNull();
  put(domain, 'public/index.html', 'plain');
  put(domain, 'public/secret.php', '<?php $password = "in-the-source";');
  put(domain, 'public/secret.PHP', '<?php $password = "in-the-source";');
  expect(await page(domain.name)).toEqual([200, 'plain']);
  for (const path of [
    '/secret.php',
    '/secret.php/',
    '/secret.php/x',
    '/secret%2ephp',
    '/./secret.php',
    '//secret.php',
  ]) {
    const [status, body] = await page(domain.name, path);
    expect([path, status, body.includes('in-the-source')]).toEqual([path, 404, false]);
  }
});

test('a site that turns static shows no source, and runs again when it turns back', async () => {
  const domain = await createDomain({ name: `${unique('turn')}.example` });
  put(domain, 'public/index.php', PHP);
  await updateDomain(domain.name, { type: 'static' });
  expect((await page(domain.name, '/index.php'))[0]).toBe(404);
  await updateDomain(domain.name, { type: 'php' });
  expect(await page(domain.name, '/index.php')).toEqual([200, `I am ${domain.name} as s-${domain.id}`]);
});

test('files whose names begin with a dot are not served, but for what /.well-known holds', async () => {
  const domain = await createDomain({ name: `${unique('dots')}.example`, type: 'static' });
  put(domain, 'public/.env', 'SECRET=1');
  put(domain, 'public/.git/config', 'SECRET=1');
  put(domain, 'public/.well-known/security.txt', 'Contact: us');
  expect((await page(domain.name, '/.env'))[1]).not.toContain('SECRET');
  expect((await page(domain.name, '/.git/config'))[1]).not.toContain('SECRET');
  expect(await page(domain.name, '/.well-known/security.txt')).toEqual([200, 'Contact: us']);
});

test('an alias shows the site until it is taken away, and is closed then', async () => {
  const domain = await createDomain({ name: `${unique('named')}.example`, type: 'static' });
  const alias = `${unique('alias')}.example`;
  put(domain, 'public/index.html', 'by any name');
  expect(await visit(alias)).toBe('closed');
  await updateDomain(domain.id, { aliases: [alias] });
  expect(await page(alias)).toEqual([200, 'by any name']);
  expect(await page(alias.toUpperCase())).toEqual([200, 'by any name']);
  expect(await page(`${alias}.`)).toEqual([200, 'by any name']);
  await updateDomain(domain.id, { aliases: [] });
  expect(await visit(alias)).toBe('closed');
  expect(await page(domain.name)).toEqual([200, 'by any name']);
});

test('an alias that was taken away is free for another site', async () => {
  const alias = `${unique('passed')}.example`;
  const first = await createDomain({ name: `${unique('a')}.example`, type: 'static', aliases: [alias] });
  const taken = await api('POST', '/v1/domains', { body: { name: alias } });
  expect(taken.json).toMatchObject({ status: 409, type: 'urn:sculptor:problem:name-taken' });
  await updateDomain(first.id, { aliases: [] });
  const second = await createDomain({ name: alias, type: 'static' });
  put(second, 'public/index.html', 'second');
  expect(await page(alias)).toEqual([200, 'second']);
});

test('a site that is disabled answers 503 on all its names, whatever is asked, and comes back as it was', async () => {
  const alias = `${unique('off')}.example`;
  const domain = await createDomain({ name: `${unique('on')}.example`, aliases: [alias] });
  put(domain, 'public/index.php', PHP);
  put(domain, 'public/file.txt', 'text');
  await updateDomain(domain.name, { enabled: false });
  for (const [host, path] of [
    [domain.name, '/'],
    [alias, '/'],
    [alias, '/file.txt'],
    [domain.name, '/index.php'],
  ] as const) {
    expect([host, path, (await page(host, path))[0]]).toEqual([host, path, 503]);
  }
  await updateDomain(domain.name, { enabled: true });
  expect(await page(alias)).toEqual([200, `I am ${alias} as s-${domain.id}`]);
});

test('a site that is made disabled answers 503 from the start', async () => {
  const domain = await createDomain({ name: `${unique('later')}.example`, enabled: false });
  expect((await page(domain.name))[0]).toBe(503);
});

test('a folder deeper in public is served where it is asked for, and what lies beside it is not', async () => {
  const domain = await createDomain({ name: `${unique('deep')}.example`, publicDirectory: 'public/web' });
  put(domain, 'public/beside.txt', 'not for visitors');
  put(domain, 'public/web/index.php', PHP);
  put(domain, 'public/web/file.txt', 'served');
  expect(await page(domain.name)).toEqual([200, `I am ${domain.name} as s-${domain.id}`]);
  expect(await page(domain.name, '/file.txt')).toEqual([200, 'served']);
  expect((await page(domain.name, '/../beside.txt'))[1]).not.toContain('not for visitors');
  expect((await page(domain.name, '/beside.txt'))[1]).not.toContain('not for visitors');
  expect(existsSync(`/etc/nginx/sculptor/sites/${domain.id}.conf`)).toBe(true);
  await updateDomain(domain.name, { publicDirectory: 'public' });
  expect(await page(domain.name, '/beside.txt')).toEqual([200, 'not for visitors']);
  expect(existsSync(`/etc/nginx/sculptor/sites/${domain.id}.conf`)).toBe(false);
});

test('a very long name is served like any other', async () => {
  const label = 'l'.repeat(60);
  const name = `${unique('long')}.${label}.${label}.${label}.example`;
  const domain = await createDomain({ name });
  put(domain, 'public/index.php', PHP);
  expect(await page(name)).toEqual([200, `I am ${name} as s-${domain.id}`]);
  expect(await visit(`other.${name.slice(name.indexOf('.') + 1)}`)).toBe('closed');
  await succeeded(await accepted('DELETE', `/v1/domains/${domain.id}`));
  expect(await visit(name)).toBe('closed');
});

test.each(['unknown.example', 'localhost', '127.0.0.1', '[::1]', '..', 'a..example', '_', '%2e', 'x/../y'])(
  'a request for the unknown host %s is closed without an answer, or refused as no request',
  async (host) => {
    const answer = await visit(host);
    expect(answer === 'closed' || answer.status === 400).toBe(true);
  },
);

test('a site keeps to itself: not the files of a neighbour, not its processes, not the agent', async () => {
  const neighbour = await createDomain({ name: `${unique('victim')}.example` });
  put(neighbour, 'public/config.php', '<?php $secret = "of-the-neighbour";');
  const site = await createDomain({ name: `${unique('thief')}.example` });
  const refused = (file: string, ...args: string[]) => as(user(site), file, ...args);
  const home = `/home/www/${neighbour.name}`;
  const attempts = [
    refused('cat', `${home}/public/config.php`),
    refused('ls', `${home}/public`),
    refused('ls', `${home}/private`),
    refused('ls', '/home/www'),
    refused('ls', '/run/sculptor'),
    refused('cat', '/etc/sculptor/admin-token'),
    refused('ls', '/var/lib/sculptor'),
    refused('sudo', '-n', '-l'),
    refused(
      'curl',
      '--silent',
      '--fail',
      '--unix-socket',
      '/run/sculptor/api.sock',
      'http://localhost/v1/health/live',
    ),
  ];
  expect(attempts.filter(({ code }) => code === 0)).toEqual([]);
});

test("a site's link to a neighbour's file or folder is not followed", async () => {
  const victim = await createDomain({ name: `${unique('victim')}.example`, type: 'static' });
  put(victim, 'public/secret.txt', 'of-the-neighbour');
  const thief = await createDomain({ name: `${unique('thief')}.example`, type: 'static' });
  const folder = `/home/www/${thief.name}/public`;
  must('runuser', [
    '-u',
    user(thief),
    '--',
    'ln',
    '-s',
    `/home/www/${victim.name}/public/secret.txt`,
    `${folder}/file`,
  ]);
  must('runuser', [
    '-u',
    user(thief),
    '--',
    'ln',
    '-s',
    `/home/www/${victim.name}/public`,
    `${folder}/folder`,
  ]);
  must('runuser', ['-u', user(thief), '--', 'ln', '-s', '/etc/passwd', `${folder}/passwd`]);
  expect((await page(thief.name, '/file'))[0]).toBe(403);
  expect((await page(thief.name, '/folder/secret.txt'))[0]).toBe(403);
  expect((await page(thief.name, '/passwd'))[0]).toBe(403);
});

test("a public directory that is a link to a neighbour's folder serves nothing of it", async () => {
  const victim = await createDomain({ name: `${unique('victim')}.example` });
  put(victim, 'public/index.html', 'of-the-neighbour');
  put(victim, 'public/index.php', '<?php echo "of-the-neighbour";');
  const thief = await createDomain({ name: `${unique('thief')}.example` });
  const link = `/home/www/${thief.name}/public/web`;
  must('runuser', ['-u', user(thief), '--', 'ln', '-s', `/home/www/${victim.name}/public`, link]);
  await accepted('PATCH', `/v1/domains/${thief.id}`, { body: { publicDirectory: 'public/web' } }).then(ended);
  for (const path of ['/', '/index.html', '/index.php']) {
    const [status, body] = await page(thief.name, path);
    expect([path, status === 200, body.includes('of-the-neighbour')]).toEqual([path, false, false]);
  }
});

test("the folder of a site is root's, and what the tenant has in it is the tenant's", async () => {
  const domain = await createDomain({ name: `${unique('folders')}.example` });
  const modes = ['', '/public', '/private', '/tmp'].map((folder) =>
    must('stat', ['--format=%U:%G %a', `/home/www/${domain.name}${folder}`]).trim(),
  );
  const own = `s-${domain.id}`;
  expect(modes).toEqual(['root:root 755', `${own}:nginx 2750`, `${own}:${own} 700`, `${own}:${own} 700`]);
});

test('every installed PHP version can be chosen, and a missing one is refused', async () => {
  const { json } = await api('GET', '/v1/server');
  const versions = json['phpVersions'] as string[];
  expect(versions.length).toBeGreaterThan(0);
  const domain = await createDomain({ name: `${unique('version')}.example`, phpVersion: versions[0] });
  put(domain, 'public/index.php', '<?php echo PHP_MAJOR_VERSION . "." . PHP_MINOR_VERSION;');
  for (const version of versions) {
    await updateDomain(domain.id, { phpVersion: version });
    expect(await page(domain.name)).toEqual([200, version]);
  }
  const missing = await api('PATCH', `/v1/domains/${domain.id}`, { body: { phpVersion: '5.1' } });
  const failure = missing.status === 202 ? (await ended(missing)).error?.code : missing.status;
  expect([422, 'php_version_missing']).toContain(failure);
  expect(await page(domain.name)).toEqual([200, versions.at(-1)]);
});

test('asking for what is already so changes nothing but the generation that the site is registered with', async () => {
  const domain = await createDomain({ name: `${unique('same')}.example` });
  const steps = (await updateDomain(domain.id, { enabled: true })).steps;
  expect(steps.length).toBeGreaterThan(0);
  expect(steps.filter((step) => step.changed).map(({ name }) => name)).toEqual(['register the site']);
});

test('deleting a site closes its names, ends its processes, locks its user and keeps its files for root', async () => {
  const alias = `${unique('gone')}.example`;
  const domain = await createDomain({ name: `${unique('going')}.example`, aliases: [alias] });
  put(domain, 'public/index.php', PHP);
  put(domain, 'private/kept.txt', 'kept');
  expect((await page(domain.name))[0]).toBe(200);
  run('runuser', ['-u', user(domain), '--', 'sh', '-c', 'setsid sleep 100000 >/dev/null 2>&1 &']);
  await succeeded(await accepted('DELETE', `/v1/domains/${domain.name}`));

  expect([await visit(domain.name), await visit(alias)]).toEqual(['closed', 'closed']);
  expect(run('pgrep', ['-u', user(domain)]).out).toBe('');
  expect(must('getent', ['shadow', user(domain)])).toMatch(/^s-[a-z0-9]+:!/);
  expect(existsSync(`/home/www/${domain.name}`)).toBe(false);
  const kept = readdirSync('/home/www/.trash').filter((entry) => entry.startsWith(`${domain.id}-`));
  expect(kept).toHaveLength(1);
  expect(must('cat', [`/home/www/.trash/${kept[0] ?? ''}/private/kept.txt`])).toBe('kept');
  const { uid, mode } = statSync('/home/www/.trash');
  expect([uid, mode & 0o777]).toEqual([0, 0o700]);
});

test('the name of a deleted site is free again, for a new site with a user and files of its own', async () => {
  const name = `${unique('again')}.example`;
  const first = await createDomain({ name });
  put(first, 'public/index.html', 'first');
  await succeeded(await accepted('DELETE', `/v1/domains/${name}`));
  expect((await api('GET', `/v1/domains/${name}`)).status).toBe(404);
  const second = await createDomain({ name });
  expect(second.id).not.toBe(first.id);
  expect(must('id', ['-u', user(second)])).not.toBe(must('id', ['-u', user(first)]));
  expect((await page(name))[1]).not.toContain('first');
});

test('sculptorctl does the same for a person: makes, shows, changes and deletes a site', async () => {
  const name = `${unique('ctl')}.example`;
  const created = sculptorctl('domain', 'create', name, '--type', 'static');
  expect(created.out).toMatch(/^ {2}✔ .* changed +\d/m);
  expect(created.out).toContain(`domain.create ${name}: succeeded\n`);
  expect(sculptorctl('domain', 'show', name).out).toMatch(/^status +live$/m);
  expect(sculptorctl('domain', 'list').out).toContain(name);
  const updated = sculptorctl('domain', 'update', name, '--disable', '--json');
  expect(JSON.parse(updated.out)).toMatchObject({
    operation: { status: 'succeeded' },
    domain: { enabled: false },
  });
  expect((await readDomain(name)).enabled).toBe(false);
  expect(sculptorctl('domain', 'delete', name).code).toBe(0);
  expect(sculptorctl('domain', 'show', name)).toMatchObject({ code: 1, out: '' });
});
