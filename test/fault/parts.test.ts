import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Operation } from '../../contract/operations.ts';
import {
  accepted,
  api,
  createDomain,
  ended,
  ready,
  succeeded,
  unique,
  type Answer,
} from '../machine/agent.ts';
import { must, page, run, visit } from '../machine/server.ts';

/* Parts of the agent that die, and a server that is not as the agent left it. Nothing may stay half done. */

beforeAll(ready);

function askForSite(more: object = {}): Promise<Answer> {
  return accepted('POST', '/v1/domains', { body: { name: `${unique('fault')}.example`, ...more } });
}

function nameOf(operation: Operation): string {
  return operation.resource.name;
}

function systemctl(...words: readonly string[]): void {
  must('systemctl', words);
}

/** Calls `fault` as soon as the operation is under way. */
async function duringTheWork(answer: Answer, fault: () => void): Promise<void> {
  const id = (answer.json['operation'] as Operation).id;
  for (;;) {
    const { status } = (await api('GET', `/v1/operations/${id}`)).json;
    if (status !== 'queued') break;
    await pause(5);
  }
  fault();
}

test('an executor that is killed in the middle is started again, and every site comes about', async () => {
  const answers = await Promise.all(Array.from({ length: 6 }, () => askForSite()));
  await duringTheWork(answers[0]!, () => run('systemctl', ['kill', '--signal=KILL', 'sculptor-executor']));
  for (const operation of await Promise.all(answers.map(succeeded))) {
    expect((await page(nameOf(operation)))[0]).not.toBe(503);
    expect(await visit(nameOf(operation))).not.toBe('closed');
  }
});

test('what an executor that was killed left half written is gone when the next one starts', async () => {
  const { id } = await createDomain({ name: `${unique('fault')}.example` });
  const folders = [
    '/var/lib/sculptor-root',
    '/var/lib/sculptor-root/registry',
    '/var/lib/sculptor-root/trash/databases',
    '/etc/sculptor/hosts',
    `/etc/sculptor/sites/${id}`,
    '/etc/nginx/sculptor/sites',
    '/etc/systemd/system/sockets.target.wants',
  ];
  const pid = must('systemctl', ['show', '--property=MainPID', '--value', 'sculptor-executor']).trim();
  const left = folders.map((folder) => `${folder}/.draft-${pid}-0123456789abcdef`);
  for (const path of left) writeFileSync(path, 'half');
  run('systemctl', ['kill', '--signal=KILL', 'sculptor-executor']);
  await succeeded(await askForSite({ type: 'static' }));
  expect(left.filter((path) => existsSync(path))).toEqual([]);
});

test('an executor that is killed while a certificate is put leaves a whole one, and the next is put all the same', async () => {
  const { id, name } = await createDomain({ name: `${unique('fault')}.example`, type: 'static' });
  const put = () => accepted('PUT', `/v1/domains/${id}/certificate`, { body: { kind: 'self-signed' } });
  await succeeded(await put());
  const renewal = await accepted('POST', `/v1/domains/${id}/certificate/renew`);
  await duringTheWork(renewal, () => run('systemctl', ['kill', '--signal=KILL', 'sculptor-executor']));
  const whole = ['s_client', '-connect', '127.0.0.1:443', '-servername', name];
  expect(must('openssl', whole)).toContain('BEGIN CERTIFICATE');
  await succeeded(renewal);
  expect(must('openssl', whole)).toContain('BEGIN CERTIFICATE');
});

test('MariaDB that is restarted in the middle costs nothing but time', async () => {
  const answers = await Promise.all(Array.from({ length: 4 }, () => askForSite({ type: 'static' })));
  systemctl('restart', 'mariadb');
  await ready();
  for (const answer of answers) expect((await ended(answer)).status).toBe('succeeded');
});

test('an API that is restarted goes on with the next call', async () => {
  const answer = await askForSite({ type: 'static' });
  systemctl('restart', 'sculptor-api');
  await ready();
  await succeeded(answer);
});

test('without Redis work is accepted, and done when Redis is back', async () => {
  systemctl('stop', 'sculptor-redis');
  const answer = await askForSite({ type: 'static' });
  const health = await api('GET', '/v1/health/ready');
  systemctl('start', 'sculptor-redis');
  expect([health.status, health.json['checks']]).toEqual([
    503,
    { database: 'ok', redis: 'away', worker: 'ok', queue: 'ok' },
  ]);
  await succeeded(answer);
});

test("a foreign file in nginx's folder stops what needs a reload, with its reason, and nothing else", async () => {
  const foreign = '/etc/nginx/sculptor/sites/foreign.conf';
  writeFileSync(foreign, 'nonsense;\n');
  try {
    await succeeded(await askForSite());
    const refused = await ended(await askForSite({ publicDirectory: 'public/web' }));
    expect(refused).toMatchObject({ status: 'failed', error: { code: 'server_broken' } });
    // nginx itself says where.
    expect(refused.error?.message).toContain(`in ${foreign}:1, and not because of this site`);
    expect(existsSync(`/home/www/${nameOf(refused)}`)).toBe(false);
    expect(existsSync(`/etc/sculptor/hosts/${nameOf(refused)}`)).toBe(false);
    rmSync(foreign);
    await createDomain({ name: nameOf(refused), publicDirectory: 'public/web' });
  } finally {
    rmSync(foreign, { force: true });
  }
});

test('a PHP that was uninstalled meanwhile is said to be missing, and its site can be made when it is back', async () => {
  const program = readdirSync('/usr/sbin').find((name) => /^php-fpm[0-9.]+$/.test(name)) ?? '';
  renameSync(`/usr/sbin/${program}`, `/root/${program}`);
  const refused = await askForSite()
    .then(ended)
    .finally(() => renameSync(`/root/${program}`, `/usr/sbin/${program}`));
  expect(refused).toMatchObject({ status: 'failed', error: { code: 'php_version_missing' } });
  expect((await createDomain({ name: nameOf(refused) })).status).toBe('live');
});

test("a folder that stands where a site's should be is refused and left as it is", async () => {
  const name = `${unique('folder')}.example`;
  mkdirSync(`/home/www/${name}`);
  const refused = await ended(await accepted('POST', '/v1/domains', { body: { name } }));
  expect(refused).toMatchObject({ status: 'failed', error: { code: 'not_ours' } });
  expect(readdirSync(`/home/www/${name}`)).toEqual([]);
  rmdirSync(`/home/www/${name}`);
  await createDomain({ name, type: 'static' });
});

test('after all this nothing is under way and no unit has failed', async () => {
  for (const status of ['queued', 'running']) {
    expect((await api('GET', `/v1/operations?status=${status}`)).json['items']).toEqual([]);
  }
  expect(must('systemctl', ['--failed', '--no-legend', '--plain'])).toBe('');
});
