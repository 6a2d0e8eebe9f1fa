import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createDomain, ready, unique } from './agent.ts';
import { createOutside, OTHER, OUTSIDE, PANEL, SERVER, type Outside } from './outside.ts';
import { as, must, run, sculptorctl } from './server.ts';

/* Who fails to log in, from a second network namespace with three addresses, and what the fail2ban that is here makes of it. */

const CONFIG = '/etc/sculptor/agent.json';
const { serverName } = JSON.parse(readFileSync(CONFIG, 'utf8')) as { serverName: string };
const install = () => must(`${process.cwd()}/scripts/install.sh`, ['--yes']);
/** Whom root never bans. */
const OFFICE = '203.0.114.9';
let outside: Outside;

beforeAll(async () => {
  await ready();
  outside = createOutside();
  const packages = ['apt-get', 'install', '--quiet', '--yes', 'fail2ban', 'openssh-client'];
  must('env', ['DEBIAN_FRONTEND=noninteractive', ...packages]);
  writeFileSync(
    CONFIG,
    readFileSync(CONFIG, 'utf8').replace(
      '"panelAddresses": ""',
      `"panelAddresses": "203.0.113.0/24 ${PANEL}"`,
    ),
  );
  writeFileSync('/etc/fail2ban/jail.local', `[DEFAULT]\nignoreip = ${OFFICE}\n`);
  install();
  while (run('fail2ban-client', ['status', 'sculptor-api']).code !== 0) await pause(200);
});
afterAll(() => outside.remove());

const banned = (jail: string) => must('fail2ban-client', ['get', jail, 'banip']).split(/\s+/).filter(Boolean);

/** A wrong password, over ssh, as somebody types it. */
function failsAtSsh(from: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'ask-'));
  writeFileSync(join(folder, 'ask'), '#!/bin/sh\necho wrong\n', { mode: 0o755 });
  const askpass = [`SSH_ASKPASS=${join(folder, 'ask')}`, 'SSH_ASKPASS_REQUIRE=force'];
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'NumberOfPasswordPrompts=1'];
  const words = [...options, 'PubkeyAuthentication=no', 'ConnectTimeout=3'].flatMap((option) => [
    '-o',
    option,
  ]);
  outside.run('env', ...askpass, 'ssh', ...words, '-b', from, `root@${SERVER}`, 'true');
}

/** A token that is none, over TLS. Gives the status, 0 where there is no connection. */
function failsAtApi(from: string): number {
  const token = `Authorization: Bearer sculptor_${'A'.repeat(43)}`;
  const where = ['--resolve', `${serverName}:443:${SERVER}`, `https://${serverName}/v1/server`];
  const form = [
    '--silent',
    '--insecure',
    '--max-time',
    '3',
    '--output',
    '/dev/null',
    '--write-out',
    '%{http_code}',
  ];
  return Number(outside.run('curl', ...form, '--interface', from, '--header', token, ...where).out);
}

async function untilBanned(jail: string, address: string): Promise<void> {
  while (!banned(jail).includes(address)) await pause(200);
}

const unban = () => void must('fail2ban-client', ['unban', '--all']);

test('ten failed logins over ssh ban that address and nobody else', async () => {
  failsAtSsh(OTHER);
  for (let count = 0; count < 10; count += 1) failsAtSsh(OUTSIDE);
  await untilBanned('sshd', OUTSIDE);
  expect(banned('sshd')).toEqual([OUTSIDE]);
  expect([OUTSIDE, OTHER].map((from) => outside.reaches(22, SERVER, from))).toEqual([false, true]);
  unban();
  expect(outside.reaches(22, SERVER, OUTSIDE)).toBe(true);
});

test('a site that says of an address that it failed to log in over ssh bans nobody', async () => {
  const { id, name } = await createDomain({ name: `${unique('liar')}.example`, type: 'static' });
  const said = `Failed password for root from ${OTHER} port 1 ssh2`;
  const lie = `cd /home/www/${name}/private && ln -s /usr/bin/logger sshd && for i in $(seq 20); do ./sshd -t sshd '${said}'; done`;
  expect(as(`s-${id}`, 'sh', '-c', lie).code).toBe(0);
  must('journalctl', ['--sync']);
  expect(
    must('journalctl', ['--quiet', '_COMM=sshd', `_UID=${must('id', ['-u', `s-${id}`]).trim()}`]),
  ).toContain(said);
  // What comes after them in the journal has been read.
  for (let count = 0; count < 10; count += 1) failsAtSsh(OUTSIDE);
  await untilBanned('sshd', OUTSIDE);
  expect(banned('sshd')).toEqual([OUTSIDE]);
  unban();
});

test('ten failed logins at the API ban that address and nobody else', async () => {
  expect(failsAtApi(OTHER)).toBe(401);
  for (let count = 0; count < 9; count += 1) expect(failsAtApi(OUTSIDE)).toBe(401);
  expect(banned('sculptor-api')).toEqual([]);
  expect(failsAtApi(OUTSIDE)).toBe(401);
  await untilBanned('sculptor-api', OUTSIDE);
  expect(banned('sculptor-api')).toEqual([OUTSIDE]);
  expect([failsAtApi(OUTSIDE), failsAtApi(OTHER)]).toEqual([0, 401]);
  unban();
  expect(failsAtApi(OTHER)).toBe(401);
});

test('the panel and this server are never banned, however often they fail', async () => {
  for (let count = 0; count < 15; count += 1) {
    expect(failsAtApi(PANEL)).toBe(401);
    run('curl', [
      '--silent',
      '--insecure',
      '--header',
      `Authorization: Bearer sculptor_${'A'.repeat(43)}`,
      ...local,
    ]);
  }
  // What comes after them in the journal has been read.
  for (let count = 0; count < 10; count += 1) failsAtApi(OUTSIDE);
  await untilBanned('sculptor-api', OUTSIDE);
  expect(banned('sculptor-api')).toEqual([OUTSIDE]);
  unban();
});

const local = ['--resolve', `${serverName}:443:127.0.0.1`, `https://${serverName}/v1/server`];

test('the rules of fail2ban are beside ours, and neither are in the other’s way', () => {
  const spared = must('fail2ban-client', ['get', 'sshd', 'ignoreip']);
  for (const address of ['127.0.0.0/8', '203.0.113.0/24', OFFICE]) expect(spared).toContain(address);
  must('fail2ban-client', ['set', 'sshd', 'banip', OUTSIDE]);
  must('systemctl', ['reload', 'sculptor-firewall.service']);
  expect(outside.reaches(22, SERVER, OUTSIDE)).toBe(false);
  unban();
  must('nft', ['list', 'table', 'inet', 'sculptor']);
  expect(sculptorctl('doctor').out).not.toMatch(/(?:firewall|files): /);
});

test('run again, the installation changes nothing of it, and refuses an address of the panel that is none', () => {
  expect(install()).not.toMatch(/^(?:created|changed) .*fail2ban/m);
  const text = readFileSync(CONFIG, 'utf8');
  writeFileSync(CONFIG, text.replace(PANEL, 'panel.example'));
  const ran = run(`${process.cwd()}/scripts/install.sh`, ['--yes']);
  expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('has panel.example, which is no address')]);
  writeFileSync(CONFIG, text);
});
