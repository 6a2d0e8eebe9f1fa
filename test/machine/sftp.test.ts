import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Domain } from '../../contract/domains.ts';
import { accepted, createDomain, ended, ready, succeeded, unique, updateDomain } from './agent.ts';
import { as, must, page, run, sculptorctl, type Ran } from './server.ts';

/* Files come in by the OpenSSH client, as a customer's would. */

const folder = mkdtempSync(join(tmpdir(), 'sftp-'));
const key = (name: string) => join(folder, name);

beforeAll(async () => {
  await ready();
  must('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '--quiet', '--yes', 'openssh-client']);
  for (const name of ['anna', 'ben']) must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key(name)]);
});

const OPTIONS = [
  ...['StrictHostKeyChecking=no', `UserKnownHostsFile=${join(folder, 'hosts')}`, 'LogLevel=ERROR'],
  ...['BatchMode=yes', 'IdentitiesOnly=yes', 'ConnectTimeout=10'],
].flatMap((option) => ['-o', option]);

/** What sftp(1) does with a list of commands, one after the other until one fails. */
function sftp(domain: Domain, commands: readonly string[], who = 'anna'): Ran {
  const login = [...OPTIONS, '-i', key(who), '-b', '-', `s-${domain.id}@127.0.0.1`];
  return run('sftp', login, commands.map((command) => `${command}\n`).join(''));
}

/** What ssh(1) does in ten seconds, with its own options and then what it shall run there. */
function ssh(domain: Domain, options: readonly string[], command = ''): Ran {
  const login = ['-i', key('anna'), ...OPTIONS, ...options, `s-${domain.id}@127.0.0.1`];
  return run('timeout', ['10', 'ssh', ...login, ...(command === '' ? [] : [command])]);
}

async function withKey(more: Record<string, unknown> = {}): Promise<Domain> {
  const domain = await createDomain({ name: `${unique('files')}.example`, ...more });
  await addKey(domain, 'anna');
  return domain;
}

async function addKey(domain: Domain, name: string): Promise<void> {
  const body = { name, publicKey: readFileSync(`${key(name)}.pub`, 'utf8').trim() };
  await succeeded(await accepted('POST', `/v1/domains/${domain.id}/keys`, { body }));
}

function local(content: string): string {
  const path = join(mkdtempSync(join(folder, 'file-')), 'index.html');
  writeFileSync(path, content);
  return path;
}

test('a file that is put by SFTP is served, and belongs to the site', async () => {
  const domain = await withKey({ type: 'static' });
  const put = sftp(domain, [`put ${local('by sftp')} public/index.html`, 'mkdir public/sub', 'ls -1']);
  expect(put).toMatchObject({ code: 0 });
  expect(put.out.split('\n')).toEqual(expect.arrayContaining(['private', 'public', 'tmp']));
  expect(await page(domain.name)).toEqual([200, 'by sftp']);
  const path = `/home/www/${domain.name}/public/index.html`;
  expect(must('stat', ['--format=%U:%G %a', path]).trim()).toBe(`s-${domain.id}:nginx 640`);
});

test('there is no way out of the folder of the site', async () => {
  const [domain, neighbour] = [await withKey(), await withKey()];
  expect(sftp(domain, ['get /etc/passwd']).err).toContain('not found');
  expect(sftp(domain, [`ls /../../home/www/${neighbour.name}`]).code).not.toBe(0);
  expect(sftp(domain, ['symlink /etc/passwd public/link', 'get public/link']).code).not.toBe(0);
  expect(sftp(domain, [`put ${local('x')} new.html`]).err).toContain('ermission denied');
  expect(sftp(domain, ['rename public other']).code).not.toBe(0);
  expect(sftp(domain, ['chown 0 public', 'chmod 4777 public']).code).not.toBe(0);
});

test.each([
  ['a shell', [], ''],
  ['a command', [], 'id'],
  ['scp of the old kind', [], 'scp -f public'],
  ['a terminal', ['-tt'], 'id'],
] as const)('%s is not to be had', async (_what, options, command) => {
  const tried = ssh(await withKey(), options, command);
  expect(tried.out).not.toContain('uid=');
  expect(tried.code).not.toBe(0);
});

test('nothing is forwarded, neither to a port nor to a socket of this server', async () => {
  const domain = await withKey();
  expect(ssh(domain, ['-W', '127.0.0.1:80']).err).toContain('stdio forwarding failed');
  const socket = `/tmp/${unique('forwarded')}`;
  const local = ssh(domain, ['-N', '-L', `${socket}:/run/sculptor/api.sock`, '-f']);
  expect(local.code).toBe(0);
  expect(
    run('curl', ['--max-time', '5', '--unix-socket', socket, 'http://localhost/v1/health/live']).code,
  ).not.toBe(0);
  must('pkill', ['-f', socket]);
  expect(ssh(domain, ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '8099:127.0.0.1:80']).err).toContain(
    'remote port forwarding failed',
  );
});

test("one site's key opens no other, and a password nothing", async () => {
  const [domain, neighbour] = [await withKey(), await createDomain({ name: `${unique('files')}.example` })];
  await addKey(neighbour, 'ben');
  expect(sftp(neighbour, ['ls'], 'anna').code).not.toBe(0);
  expect(sftp(neighbour, ['ls'], 'ben').code).toBe(0);
  expect(sftp(domain, ['ls'], 'ben').code).not.toBe(0);
  const asked = run('ssh', [...OPTIONS, '-o', 'PubkeyAuthentication=no', `s-${domain.id}@127.0.0.1`, 'id']);
  expect(asked.err).toMatch(/Permission denied \(publickey\)/);
});

test("a site's own authorized_keys lets nobody in", async () => {
  const domain = await withKey();
  const text = readFileSync(`${key('ben')}.pub`, 'utf8');
  for (const at of ['private/.ssh', 'public/.ssh']) {
    const path = `/home/www/${domain.name}/${at}`;
    must('runuser', ['-u', `s-${domain.id}`, '--', 'mkdir', '-p', path]);
    must('runuser', ['-u', `s-${domain.id}`, '--', 'tee', `${path}/authorized_keys`], text);
  }
  expect(as(`s-${domain.id}`, 'mkdir', `/home/www/${domain.name}/.ssh`).code).not.toBe(0);
  expect(sftp(domain, ['ls'], 'ben').code).not.toBe(0);
});

test('a key that is removed opens nothing any more, and what it had opened is ended', async () => {
  const domain = await withKey();
  await addKey(domain, 'ben');
  const session = spawn('sftp', [...OPTIONS, '-i', key('anna'), `s-${domain.id}@127.0.0.1`]);
  const ends = new Promise((resolve) => session.once('close', resolve));
  const open = () => run('pgrep', ['-u', `s-${domain.id}`, 'sshd']).code === 0;
  while (!open()) await pause(50);
  await succeeded(await accepted('DELETE', `/v1/domains/${domain.id}/keys/anna`));
  expect(open()).toBe(false);
  session.stdin.end();
  await ends;
  expect(sftp(domain, ['ls']).code).not.toBe(0);
  expect(sftp(domain, ['ls'], 'ben').code).toBe(0);
});

test('switched off, a site takes files; removed, it does not; restored, it does again', async () => {
  const domain = await withKey();
  await updateDomain(domain.id, { enabled: false });
  expect(sftp(domain, ['ls']).code).toBe(0);
  await succeeded(await accepted('DELETE', `/v1/domains/${domain.id}`));
  expect(sftp(domain, ['ls']).code).not.toBe(0);
  expect(existsSync(`/etc/sculptor/keys/s-${domain.id}`)).toBe(false);
  await succeeded(await accepted('POST', `/v1/domains/${domain.id}/restore`));
  expect(sftp(domain, ['ls']).code).toBe(0);
});

test('the command line makes, lists and removes keys', async () => {
  const domain = await createDomain({ name: `${unique('files')}.example` });
  expect(sculptorctl('key', 'create', domain.name, 'anna', `${key('anna')}.pub`)).toMatchObject({ code: 0 });
  const fingerprint = must('ssh-keygen', ['-l', '-f', `${key('anna')}.pub`]).split(' ')[1] ?? '';
  expect(sculptorctl('key', 'list', domain.name).out).toContain(fingerprint);
  const secret = sculptorctl('key', 'create', domain.name, 'ben', key('ben'));
  expect(secret.code).toBe(2);
  expect(secret.err).toContain('private key');
  expect(sculptorctl('key', 'delete', domain.name, 'anna')).toMatchObject({ code: 0 });
  expect(sftp(domain, ['ls']).code).not.toBe(0);
});

test('a key for a site that is not there ends as a failure that says so', async () => {
  const domain = await withKey();
  await succeeded(await accepted('DELETE', `/v1/domains/${domain.id}`));
  const { code } = sculptorctl('key', 'create', domain.id, 'ben', `${key('ben')}.pub`);
  expect(code).toBe(1);
  expect((await ended(await accepted('POST', `/v1/domains/${domain.id}/restore`))).status).toBe('succeeded');
});
