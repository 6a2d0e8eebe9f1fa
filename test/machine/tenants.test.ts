import { setTimeout as pause } from 'node:timers/promises';
import { api, ready, unique } from './agent.ts';
import type { Answer } from './agent.ts';
import { asTenant, change, ends, header, idIn, tenant } from './as-tenant.ts';
import { underLoad } from './under-load.ts';
import { must, page, place, rootSql, run, sculptorctl, sql } from './server.ts';

/* A tenant with one of everything on a real server: its plan, its suspension, its removal and its return. */

beforeAll(ready);

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmFy0qwHfPwUUrsNEvgaNxvi7NkRUC2F3WS3b0fC3yR';

/** What doctor takes for wrong. */
const findings = () =>
  run('sculptorctl', ['doctor'])
    .out.split('\n')
    .filter((line) => line.startsWith('WRONG'));

type Owned = Readonly<Record<'site' | 'name' | 'database' | 'queue' | 'cron', string>>;

/** Everything that lasts of what a tenant has on this server, logs excepted. */
function digest({ site, name, database, queue, cron }: Owned): string {
  return [
    must('find', [
      ...[`/home/www/${name}`, `/etc/sculptor/sites/${site}`, `/etc/sculptor/keys/s-${site}`],
      ...['-printf', '%p %u %g %m %l\n'],
    ]),
    must('find', [
      `/home/www/${name}`,
      `/etc/sculptor/sites/${site}`,
      '-type',
      'f',
      '-exec',
      'sha256sum',
      '{}',
      '+',
    ]),
    must('cat', [`/etc/sculptor/keys/s-${site}`, `/var/lib/sculptor-root/registry/${site}.json`]),
    must('getent', ['shadow', `s-${site}`]),
    must('find', [`/var/lib/sculptor-root/parts/${site}`, '-type', 'f', '-exec', 'cat', '{}', '+']),
    rootSql(`SELECT p.user, JSON_REMOVE(p.priv, '$.account_locked'), COALESCE(JSON_VALUE(p.priv, '$.account_locked'), '') IN ('1', 'true')
      FROM mysql.global_priv p JOIN sculptor_door.managed_user u ON u.name = p.user WHERE u.database_id = '${database}' ORDER BY 1`),
    rootSql('SELECT * FROM mysql.db ORDER BY user, db'),
    run('systemctl', ['is-active', `sculptor-php@${site}.socket`]).out,
    must('cat', [
      `/etc/sculptor/programs/${queue}`,
      `/etc/cron.d/sculptor-${cron}`,
      '/etc/sculptor/programs/' + cron,
    ]),
    must('pgrep', ['-c', '-u', `s-${site}`, '-f', 'sleep 12345']),
  ].join('\n');
}

test('with one of everything it is suspended and resumed, and is the same', async () => {
  const id = await tenant();
  const name = `${unique('sus')}.example`;
  const off = `${unique('off')}.example`;
  const site = idIn(await asTenant(id, ['POST', '/v1/domains', { name }]), 'domain');
  await asTenant(id, ['POST', '/v1/domains', { name: off, enabled: false }]);
  const made = await asTenant(id, ['POST', '/v1/databases', { name: unique('sus') }]);
  const database = idIn(made, 'database');
  const user = { name: unique('u') };
  const login = await asTenant(id, ['POST', `/v1/databases/${database}/users`, user]);
  await asTenant(id, ['POST', `/v1/domains/${name}/keys`, { name: 'laptop', publicKey: KEY }]);
  const program = { name: 'mails', command: ['sleep', '12345'] };
  const queue = idIn(await asTenant(id, ['POST', `/v1/domains/${name}/queues`, program]), 'queue');
  await asTenant(id, ['POST', `/v1/domains/${name}/queues`, { name: 'off', command: ['sleep', '54321'] }]);
  await asTenant(id, ['POST', `/v1/domains/${name}/queues/off/stop`]);
  const clock = { name: 'yearly', schedule: '@yearly', command: ['true'] };
  const cron = idIn(await asTenant(id, ['POST', `/v1/domains/${name}/crons`, clock]), 'cron');
  await asTenant(id, ['POST', `/v1/domains/${name}/cache`]);
  place(`s-${site}`, `/home/www/${name}/public/index.php`, '<?php echo "here";');
  expect(await page(name)).toEqual([200, 'here']);
  const account = { name: user.name, password: String(login.json['password']) };
  expect(sql(account, 'SELECT 1').code).toBe(0);
  const owned = { site, name, database, queue, cron };
  const before = digest(owned);
  const healthy = findings();

  await change(id, 'suspend', { reason: 'unpaid' });
  const [status, text] = await page(name);
  expect([status, text]).toEqual([503, expect.stringContaining('suspended')]);
  expect((await page(off))[0]).toBe(503);
  expect(run('systemctl', ['is-active', `sculptor-php@${site}.socket`]).out.trim()).toBe('inactive');
  expect(must('getent', ['shadow', `s-${site}`]).split(':')[7]).toBe('1');
  expect(run('test', ['-e', `/etc/sculptor/keys/s-${site}`]).code).toBe(1);
  expect(sql(account, 'SELECT 1').code).not.toBe(0);
  expect(run('pgrep', ['-u', `s-${site}`]).out).toBe('');
  expect(run('test', ['-e', `/etc/cron.d/sculptor-${cron}`]).code).toBe(1);
  expect(findings()).toEqual(healthy);

  // An administrator's change of it does not bring it back.
  await asTenant(id, ['PATCH', `/v1/domains/${name}`, { enabled: true }]);
  expect((await page(name))[0]).toBe(503);
  expect(run('systemctl', ['is-active', `sculptor-php@${site}.socket`]).out.trim()).toBe('inactive');

  await change(id, 'resume');
  expect(await page(name)).toEqual([200, 'here']);
  expect((await page(off))[1]).toContain('switched off');
  expect(sql(account, 'SELECT 1').code).toBe(0);
  const generation = /"generation":\d+/g;
  expect(run('pgrep', ['-u', `s-${site}`, '-f', 'sleep 54321']).code).toBe(1);
  expect(digest(owned).replace(generation, '')).toBe(before.replace(generation, ''));
  // Another test begins on a server without any.
  await asTenant(id, ['DELETE', `/v1/domains/${name}/cache`]);
});

test('one that is moved to another tenant serves on, goes by the other plan, and its neighbour sees nothing', async () => {
  const [from, to] = [await tenant(), await tenant({ domains: 1, phpProcesses: 2 })];
  const [name, neighbour] = [`${unique('mov')}.example`, `${unique('stay')}.example`];
  for (const site of [name, neighbour]) {
    const id = idIn(await asTenant(from, ['POST', '/v1/domains', { name: site }]), 'domain');
    place(`s-${id}`, `/home/www/${site}/public/index.php`, '<?php echo "here";');
  }
  const site = idIn(await api('GET', `/v1/domains/${name}`, header(from)));
  await asTenant(from, ['POST', `/v1/domains/${name}/keys`, { name: 'laptop', publicKey: KEY }]);
  const program = { name: 'mails', command: ['sleep', '23451'] };
  await asTenant(from, ['POST', `/v1/domains/${name}/queues`, program]);
  const processOf = () => run('pgrep', ['-u', `s-${site}`, '-x', '-f', 'sleep 23451']);
  while (processOf().code !== 0) await pause(100);
  const running = processOf().out;
  const here = { path: '/', expected: /^200 here$/ };
  const answers = await underLoad(
    [
      { host: name, ...here },
      { host: neighbour, ...here },
    ],
    async () => {
      await asTenant(from, ['POST', `/v1/domains/${name}/move`, { tenant: to }]);
    },
  );
  expect(answers.map(({ failed }) => failed)).toEqual([[], []]);
  expect((await api('GET', `/v1/domains/${name}`, header(from))).status).toBe(404);
  expect((await api('GET', `/v1/domains/${name}/queues/mails`, header(to))).json).toMatchObject({
    tenant: to,
  });
  expect(processOf().out).toBe(running);
  expect(must('cat', [`/etc/sculptor/sites/${site}/fpm.conf`])).toMatch(/^pm\.max_children = 2$/m);
  expect(
    (await api('POST', '/v1/domains', header(to, { body: { name: `${unique('more')}.example` } }))).status,
  ).toBe(409);
  await asTenant(to, ['PATCH', `/v1/domains/${name}`, { enabled: false }]);
  expect((await page(name))[0]).toBe(503);
});

test('fifty sites that are asked for at once end with the ten of its plan, on the server too', async () => {
  const id = await tenant({ domains: 10 });
  const names = Array.from({ length: 50 }, () => `${unique('ten')}.example`);
  const answers = await Promise.all(
    names.map((name) => api('POST', '/v1/domains', header(id, { body: { name, type: 'static' } }))),
  );
  const taken = answers.filter(({ status }) => status === 202);
  expect([taken.length, new Set(answers.map(({ status }) => status))]).toEqual([10, new Set([202, 409])]);
  for (const answer of taken) expect((await ends(id, answer)).status).toBe('succeeded');
  const there = names.filter((name) => run('test', ['-e', `/home/www/${name}`]).code === 0);
  expect(there).toHaveLength(10);
});

test('whoever has taken the API gets no more sites than the plan: root counts', async () => {
  const id = await tenant({ domains: 1 });
  await asTenant(id, ['POST', '/v1/domains', { name: `${unique('root')}.example`, type: 'static' }]);
  const [domain, operation, name] = [
    unique('d').padEnd(12, 'x').slice(0, 12),
    unique('o').padEnd(20, 'x').slice(0, 20),
    `${unique('thief')}.example`,
  ];
  rootSql(`INSERT INTO sculptor.domain_version (domain_id, generation, tenant, server, name, aliases, type, public_directory,
      isolation, enabled) VALUES ('${domain}', 1, '${id}', 'default', '${name}', '[]', 'static', 'public', 'site', 1);
    INSERT INTO sculptor.domain_name (name, domain_id, tenant) VALUES ('${name}', '${domain}', '${id}');
    INSERT INTO sculptor.operation (id, kind, resource_type, resource_id, resource_name, serial_key, generation, tenant,
      server, actor) VALUES ('${operation}', 'domain.create', 'domain', '${domain}', '${name}', 'domain:${domain}', 1,
      '${id}', 'default', 'thief')`);
  const forged = { json: { operation: { id: operation } } } as unknown as Answer;
  const { status, error } = await ends(id, forged);
  expect([status, error?.code]).toEqual(['failed', 'plan_limit']);
  expect(run('test', ['-e', `/home/www/${name}`]).code).toBe(1);
});

test('it goes to the trash with all that it owns, and comes back with it', async () => {
  const id = await tenant();
  const name = `${unique('gone')}.example`;
  const site = idIn(await asTenant(id, ['POST', '/v1/domains', { name }]), 'domain');
  const database = unique('gone');
  await asTenant(id, ['POST', '/v1/databases', { name: database }]);
  place(`s-${site}`, `/home/www/${name}/public/index.php`, '<?php echo "here";');
  expect(sculptorctl('tenant', 'delete', id)).toMatchObject({ code: 0 });
  expect(await page(name)).toEqual([0, 'closed']);
  expect(rootSql(`SHOW DATABASES LIKE '${database}'`)).toBe('');
  expect(sculptorctl('tenant', 'restore', id)).toMatchObject({ code: 0 });
  for (;;) {
    const { json } = await api('GET', `/v1/domains/${name}`, header(id));
    if (json['status'] === 'live') break;
    await pause(100);
  }
  expect(await page(name)).toEqual([200, 'here']);
  for (;;) {
    const { json } = await api('GET', `/v1/databases/${database}`, header(id));
    if (json['status'] === 'live') break;
    await pause(100);
  }
  expect(rootSql(`SHOW DATABASES LIKE '${database}'`).trim()).toBe(database);
});
