import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ready } from './agent.ts';
import { createOutside, OUTSIDE, SERVER, type Outside } from './outside.ts';
import { must, run, sculptorctl } from './server.ts';

/* What the network reaches, as a second network namespace sees it. */

const RULES = '/etc/sculptor/firewall/rules.nft';
const LISTENING = 8088;
let outside: Outside;
let listener: ChildProcess;

beforeAll(async () => {
  await ready();
  outside = createOutside();
  listener = spawn('python3', ['-m', 'http.server', String(LISTENING)], { stdio: 'ignore' });
  while (run('ss', ['-Hlnt', `sport = :${LISTENING}`]).out === '') await pause(50);
});
afterAll(() => {
  listener.kill();
  outside.remove();
});

const PING = `import socket, struct, sys
six = ':' in sys.argv[1]
kind = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (socket.AF_INET, socket.IPPROTO_ICMP)
peer = socket.socket(kind[0], socket.SOCK_RAW, kind[1])
peer.settimeout(10)
asks = struct.pack('!BBHHH', 128, 0, 0, 1, 1) if six else struct.pack('!BBHHH', 8, 0, 0xffff - 0x0802, 1, 1)
peer.sendto(asks, (sys.argv[1], 0))
while (peer.recv(1500)[0] != 129) if six else (peer.recv(1500)[20] != 0): pass`;

const table = () => must('nft', ['-s', 'list', 'table', 'inet', 'sculptor']);
const trial = () => run('systemctl', ['is-active', '--quiet', 'sculptor-firewall-undo.timer']).code === 0;

test('ssh, http and https are open, and nothing else that listens is', () => {
  const listening = must('ss', ['-Hlnt']).matchAll(/:([0-9]+) +\S+:\*/g);
  const ports = [...new Set(Array.from(listening, ([, port]) => Number(port)))].sort((one, two) => one - two);
  expect(ports).toEqual(expect.arrayContaining([22, 80, 443, LISTENING]));
  expect(ports.filter((port) => outside.reaches(port))).toEqual([22, 80, 443]);
  expect([1, 21, 25, 3306, 6379].filter((port) => outside.reaches(port))).toEqual([]);
});

test('it is there again after a stop of the server: the unit is wanted before the network', () => {
  const unit = (property: string) =>
    must('systemctl', ['show', `--property=${property}`, '--value', 'sculptor-firewall.service']).trim();
  expect([unit('UnitFileState'), unit('WantedBy'), unit('DefaultDependencies')]).toEqual([
    'enabled',
    'sysinit.target',
    'no',
  ]);
  expect(unit('Before').split(' ')).toContain('network-pre.target');
  must('nft', ['delete', 'table', 'inet', 'sculptor']);
  expect(outside.reaches(LISTENING)).toBe(true);
  must('systemctl', ['restart', 'sculptor-firewall.service']);
  expect(outside.reaches(LISTENING)).toBe(false);
});

test('ping and IPv6 between neighbours go on', () => {
  for (const address of [SERVER, '2001:db8::1'])
    expect([address, outside.run('python3', '-c', PING, address)]).toMatchObject([address, { code: 0 }]);
});

describe('beside the rules of others', () => {
  const theirs =
    'table inet theirs {\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n';

  afterEach(() => void run('nft', ['delete', 'table', 'inet', 'theirs']));

  test('theirs stay, what they drop is dropped, and what they accept is not therefore open', () => {
    must('nft', ['-f', '-'], `${theirs}tcp dport 443 drop\ntcp dport ${LISTENING} accept\n}\n}\n`);
    const before = must('nft', ['list', 'table', 'inet', 'theirs']);
    expect(sculptorctl('firewall', 'open', '9443').code).toBe(0);
    expect(sculptorctl('firewall', 'close', '9443').code).toBe(0);
    must('systemctl', ['reload', 'sculptor-firewall.service']);
    expect(must('nft', ['list', 'table', 'inet', 'theirs'])).toBe(before);
    expect([22, 80, 443, LISTENING].map((port) => outside.reaches(port))).toEqual([true, true, false, false]);
  });

  test('the distribution’s own flush everything, and ours are there again at once', () => {
    const before = table();
    for (const act of ['start', 'reload', 'restart']) {
      must('systemctl', [act, 'nftables.service']);
      expect([act, table()]).toEqual([act, before]);
    }
    must('systemctl', ['stop', 'nftables.service']);
    must('systemctl', ['restart', 'sculptor-firewall.service']);
    expect(table()).toBe(before);
  });
});

test('a broken file leaves the rules from before in effect, and those of others too', () => {
  const [text, before] = [readFileSync(RULES, 'utf8'), table()];
  try {
    writeFileSync(RULES, `${text}\ntable inet sculptor { chain input { bogus } }\n`);
    must('systemctl', ['start', 'nftables.service']);
    expect(run('systemctl', ['is-active', 'nftables.service']).out).toBe('active\n');
    must('nft', ['list', 'table', 'inet', 'filter']);
    must('nft', ['-f', '-'], text);
    expect(run('systemctl', ['reload', 'sculptor-firewall.service']).code).not.toBe(0);
    expect(table()).toBe(before);
    expect(outside.reaches(LISTENING)).toBe(false);
  } finally {
    writeFileSync(RULES, text);
    must('systemctl', ['stop', 'nftables.service']);
    must('systemctl', ['restart', 'sculptor-firewall.service']);
  }
});

test('root at the console opens a port and closes it, and what is open stays so after the installation', () => {
  expect(sculptorctl('firewall', 'open', String(LISTENING)).out).toBe('changed\n');
  expect(outside.reaches(LISTENING)).toBe(true);
  must(`${process.cwd()}/scripts/install.sh`, ['--yes']);
  expect(outside.reaches(LISTENING)).toBe(true);
  expect(sculptorctl('firewall', 'close', String(LISTENING)).out).toBe('changed\n');
  expect(outside.reaches(LISTENING)).toBe(false);
});

test('where nft can do nothing the installation says so, and leaves the firewall out', () => {
  const stub = '/usr/local/sbin/nft';
  const before = table();
  try {
    writeFileSync(stub, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    expect(must(`${process.cwd()}/scripts/install.sh`, ['--yes'])).toMatch(
      /^unchanged +no firewall: nft can do nothing here/m,
    );
  } finally {
    must('rm', [stub]);
  }
  expect(must(`${process.cwd()}/scripts/install.sh`, ['--yes'])).toMatch(/^unchanged +the firewall lets in/m);
  expect(table()).toBe(before);
  expect(sculptorctl('doctor').out).not.toMatch(/(?:firewall|files): |^wrong +units/m);
});

describe('over ssh', () => {
  const key = join(mkdtempSync(join(tmpdir(), 'firewall-')), 'key');
  const login = [
    ...[
      '-i',
      key,
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'LogLevel=ERROR',
    ],
    ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10', `root@${SERVER}`],
  ];
  const ssh = (...words: readonly string[]) => outside.run('ssh', ...login, ...words);

  beforeAll(() => {
    const packages = ['apt-get', 'install', '--quiet', '--yes', 'openssh-client'];
    must('env', ['DEBIAN_FRONTEND=noninteractive', ...packages]);
    must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    must('install', ['-d', '-m', '700', '/root/.ssh']);
    must('install', ['-m', '600', `${key}.pub`, '/root/.ssh/authorized_keys']);
  });

  test('a change is in force and taken back by itself', async () => {
    const before = readFileSync(RULES, 'utf8');
    expect(ssh('sculptorctl', 'firewall', 'open', String(LISTENING))).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^on trial: /),
    });
    expect(outside.reaches(LISTENING)).toBe(true);
    expect(readFileSync(RULES, 'utf8')).toBe(before);
    while (trial() || outside.reaches(LISTENING)) await pause(500);
    expect(ssh('sculptorctl', 'firewall', 'confirm').code).toBe(1);
    expect(sculptorctl('doctor').out).not.toMatch(/firewall: /);
  }, 120_000);

  test('one that is confirmed stays', () => {
    expect(ssh('sculptorctl', 'firewall', 'open', String(LISTENING)).out).toMatch(/^on trial: /);
    expect(ssh('sculptorctl', 'firewall', 'confirm').out).toBe('confirmed: it stays\n');
    expect(trial()).toBe(false);
    must('systemctl', ['restart', 'sculptor-firewall.service']);
    expect(outside.reaches(LISTENING)).toBe(true);
    expect(sculptorctl('firewall', 'close', String(LISTENING)).code).toBe(0);
  });

  test.each([
    ['the port of ssh', ['close', '22']],
    ['ssh but to others', ['ssh-from', '203.0.113.0/24']],
  ])('nobody closes %s', (_what, words) => {
    const before = table();
    expect(ssh('sculptorctl', 'firewall', ...words)).toMatchObject({ code: 1 });
    expect([trial(), table()]).toEqual([false, before]);
  });

  test('who may come to it can be named: the own address among them', () => {
    expect(ssh('sculptorctl', 'firewall', 'ssh-from', `${OUTSIDE}/32`).out).toMatch(/^on trial: /);
    expect(ssh('sculptorctl', 'firewall', 'confirm').code).toBe(0);
    expect([outside.reaches(22), outside.reaches(22, '2001:db8::1')]).toEqual([true, false]);
    expect(sculptorctl('firewall', 'ssh-from', 'any').out).toBe('changed\n');
    expect(outside.reaches(22, '2001:db8::1')).toBe(true);
  });
});

test('where sshd is moved to, among the ports of programs too, is let in when it is asked for anew, and doctor says so until then', () => {
  const part = '/etc/ssh/sshd_config.d/50-port.conf';
  try {
    writeFileSync(part, 'Port 22\nPort 22222\n');
    must('systemctl', ['restart', 'ssh.service']);
    expect(sculptorctl('doctor').out).toContain(
      'sshd is on port 22222, and the firewall lets nobody in there.',
    );
    expect([outside.reaches(22222), sculptorctl('firewall', 'renew').code]).toEqual([false, 0]);
    expect([outside.reaches(22), outside.reaches(22222)]).toEqual([true, true]);
  } finally {
    must('rm', [part]);
    must('systemctl', ['restart', 'ssh.service']);
    must('sculptorctl', ['firewall', 'renew']);
  }
  expect(sculptorctl('doctor').out).not.toMatch(/firewall: /);
});
