import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { SeenBans } from '../../contract/bans.ts';
import { accepted, api, ended, ready, succeeded } from './agent.ts';
import { banned, kept, setUpFail2ban, untilItRuns } from './fail2ban-here.ts';
import { createOutside, OTHER, OUTSIDE, PANEL, SERVER, type Outside } from './outside.ts';
import { must, run, sculptorctl } from './server.ts';

/* Who is banned because an administrator asks for it, seen from a second network namespace, and who is not whoever asks. */

const BANS = '/v1/server/bans';
const [OFFICE, OUTSIDE_6] = ['203.0.114.9', '2001:db8::2'];
const LIMITS = '/etc/sculptor/limits.json';
const JAILS = ['sshd', 'sculptor-api'] as const;
let outside: Outside;

beforeAll(async () => {
  await ready();
  outside = createOutside();
  await setUpFail2ban(`203.0.113.0/24 ${PANEL}`);
  writeFileSync('/etc/fail2ban/jail.local', `[DEFAULT]\nignoreip = ${OFFICE}\n`);
  // It has read the panel's addresses when it started.
  must('systemctl', ['restart', 'fail2ban', 'sculptor-api']);
  await untilItRuns();
  await ready();
});
afterEach(() => void must('fail2ban-client', ['unban', '--all']));
afterAll(() => outside.remove());

const ban = (address: string, jails: readonly string[] = JAILS) =>
  accepted('POST', BANS, { body: { address, jails } });
const unban = (address: string) => accepted('DELETE', `${BANS}/${encodeURIComponent(address)}`);
const shown = async () => SeenBans.parse((await api('GET', BANS)).json);
const reaches = (port: number) => [OUTSIDE, OTHER].map((from) => outside.reaches(port, SERVER, from));
const everybody = () => JSON.stringify([JAILS.map(banned), kept(), counted()]);
const counted = () => {
  const file = '/var/lib/sculptor-root/banned.json';
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly unknown[]) : [];
};

test('who is banned reaches neither ssh nor the web, a neighbour does, and who is let in again does too', async () => {
  expect([22, 443].map(reaches)).toEqual([
    [true, true],
    [true, true],
  ]);
  const { steps } = await succeeded(await ban(OUTSIDE));
  expect(steps.map(({ name, changed }) => [name, changed])).toEqual(
    JAILS.map((jail) => [`ban from ${jail}`, true]),
  );
  expect([22, 443].map(reaches)).toEqual([
    [false, true],
    [false, true],
  ]);
  const { bans, jails } = await shown();
  expect(jails).toEqual(JAILS);
  expect(bans.map(({ address, jail }) => [address, jail]).sort()).toEqual([
    [OUTSIDE, 'sculptor-api'],
    [OUTSIDE, 'sshd'],
  ]);
  for (const { since, until } of bans) {
    expect(Math.abs(Date.now() - Date.parse(since))).toBeLessThan(600_000);
    expect(Date.parse(until ?? '') - Date.parse(since)).toBe(3_600_000);
  }
  await succeeded(await unban(OUTSIDE));
  expect([22, 443].map(reaches)).toEqual([
    [true, true],
    [true, true],
  ]);
  expect((await shown()).bans).toEqual([]);
});

test('one jail alone, an address of IPv6 in any spelling, and all of it a second time', async () => {
  await succeeded(await ban('2001:DB8:0:0::0002', ['sshd']));
  expect(banned('sshd')).toEqual([OUTSIDE_6]);
  expect([22, 443].map((port) => outside.reaches(port, '2001:db8::1', OUTSIDE_6))).toEqual([false, true]);
  const again = await succeeded(await ban(OUTSIDE_6, ['sshd']));
  expect(again.steps.map(({ changed }) => changed)).toEqual([false]);
  await succeeded(await unban(OUTSIDE_6));
  const never = await succeeded(await unban(OUTSIDE_6));
  expect(never.steps.map(({ changed }) => changed)).toEqual([false, false]);
  expect(outside.reaches(22, '2001:db8::1', OUTSIDE_6)).toBe(true);
});

test('sculptorctl bans, lists and lets in again', () => {
  expect(sculptorctl('ban', 'create', OUTSIDE, '--jail', 'sshd')).toMatchObject({ code: 0 });
  expect(sculptorctl('ban', 'list').out).toMatch(new RegExp(`^${OUTSIDE} +sshd +20\\S+Z +20\\S+Z$`, 'm'));
  expect(sculptorctl('ban', 'delete', OUTSIDE).code).toBe(0);
  expect(sculptorctl('ban', 'list').out).toMatch(/^nobody is banned in sshd and sculptor-api; seen at 20/);
});

test('a ban outlives a new start of fail2ban, and what nftables has forgotten is put there again', async () => {
  await succeeded(await ban(OUTSIDE));
  must('systemctl', ['restart', 'fail2ban']);
  await untilItRuns();
  // One jail after the other, and each its table.
  while (!JAILS.every((jail) => banned(jail).includes(OUTSIDE))) await pause(200);
  while (kept().split(OUTSIDE).length <= JAILS.length) await pause(200);
  expect(reaches(22)).toEqual([false, true]);
  must('nft', ['delete', 'table', 'inet', 'f2b-table']);
  expect(reaches(22)).toEqual([true, true]);
  const { steps } = await succeeded(await ban(OUTSIDE));
  expect(steps.map(({ changed }) => changed)).toEqual([true, true]);
  expect(reaches(22)).toEqual([false, true]);
});

test.each([
  ['this server', SERVER, /this server/],
  ['this server by IPv6', '2001:db8::1', /this server/],
  ['whom root’s ignoreip names', OFFICE, /ignoreip/],
])('nobody bans %s, and nothing is changed', async (_, address, words) => {
  const before = everybody();
  const { status, error } = await ended(await ban(address));
  expect([status, error?.code, error?.message]).toEqual([
    'failed',
    'protected',
    expect.stringMatching(words),
  ]);
  expect(everybody()).toBe(before);
});

test.each([
  '127.0.0.1',
  '::1',
  '127.1',
  '0.0.0.0',
  '::ffff:192.0.2.2',
  '192.0.2.0/24',
  'fe80::1%eth0',
  PANEL,
])('the API refuses %s itself, and says what would be right', async (address) => {
  const before = everybody();
  const { status, json } = await api('POST', BANS, { body: { address } });
  expect([status, json['type']]).toEqual([422, 'urn:sculptor:problem:invalid-input']);
  expect(json['errors']).toMatchObject([{ field: 'address' }]);
  expect(everybody()).toBe(before);
});

test('a panel that root has named since the API was started is not banned either', async () => {
  const file = '/etc/sculptor/agent.json';
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(PANEL, `${PANEL} ${OTHER}/32`));
  const { error } = await ended(await ban(OTHER));
  writeFileSync(file, text);
  expect([error?.code, error?.message]).toEqual(['protected', expect.stringMatching(/panel/)]);
});

test('who is here by ssh as root is not banned meanwhile, and may be afterwards', async () => {
  const key = '/run/bans-key';
  must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  must('install', ['-d', '-m', '700', '/root/.ssh']);
  must('install', ['-m', '600', `${key}.pub`, '/root/.ssh/authorized_keys']);
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes'];
  const words = options.flatMap((option) => ['-o', option]);
  const session = spawn(
    'ip',
    ['netns', 'exec', 'outside', 'ssh', '-i', key, ...words, '-b', OTHER, `root@${SERVER}`, 'echo in; cat'],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const over = new Promise((resolve) => session.once('close', resolve));
  try {
    await new Promise((resolve) => session.stdout.once('data', resolve));
    const before = everybody();
    const { error } = await ended(await ban(OTHER, ['sshd']));
    expect([error?.code, error?.message]).toEqual(['protected', expect.stringMatching(/by ssh/)]);
    expect(everybody()).toBe(before);
  } finally {
    session.stdin.end();
    await over;
    for (const file of [key, `${key}.pub`, '/root/.ssh/authorized_keys']) rmSync(file, { force: true });
  }
  while (must('ss', ['-H', '-nt', 'state', 'established']).includes(`${OTHER}:`)) await pause(100);
  await succeeded(await ban(OTHER, ['sshd']));
});

test('in an hour so many are banned as root allows; the next is refused, and keeps nobody from being let in', async () => {
  const limits = existsSync(LIMITS) ? readFileSync(LIMITS, 'utf8') : undefined;
  writeFileSync(LIMITS, JSON.stringify({ ...JSON.parse(limits ?? '{}'), bansPerHour: counted().length + 1 }));
  await succeeded(await ban('198.51.100.7'));
  const before = everybody();
  const { status, error } = await ended(await ban('198.51.100.8'));
  expect([status, error?.code]).toEqual(['failed', 'limit_reached']);
  expect(everybody()).toBe(before);
  await succeeded(await unban('198.51.100.7'));
  if (limits === undefined) rmSync(LIMITS);
  else writeFileSync(LIMITS, limits);
});

test.each(['executor', 'worker-privileged'])(
  'where %s is killed half-way the ban comes about all the same, and is counted once',
  async (unit) => {
    const [client, real, halfWay, go] = [
      '/usr/bin/fail2ban-client',
      '/usr/bin/fail2ban-client.real',
      '/run/probe-half-way',
      '/run/probe-go',
    ];
    const before = counted().length;
    renameSync(client, real);
    const waits = `case "$*" in "set sculptor-api banip"*) touch ${halfWay}; while [ ! -e ${go} ]; do sleep 0.1; done ;; esac`;
    writeFileSync(client, `#!/bin/sh\n${waits}\nexec ${real} "$@"\n`, { mode: 0o755 });
    try {
      const asked = await ban(OUTSIDE);
      while (!existsSync(halfWay)) await pause(50);
      expect(banned('sshd')).toEqual([OUTSIDE]);
      must('systemctl', ['kill', '--signal=KILL', `sculptor-${unit}.service`]);
      writeFileSync(go, '');
      const { attempt } = await succeeded(asked);
      expect(attempt).toBeGreaterThan(1);
    } finally {
      for (const file of [halfWay, go]) rmSync(file, { force: true });
      renameSync(real, client);
    }
    expect(JAILS.map(banned)).toEqual([[OUTSIDE], [OUTSIDE]]);
    expect(counted()).toHaveLength(before + 1);
    expect([22, 443].map(reaches)).toEqual([
      [false, true],
      [false, true],
    ]);
  },
);

test('where fail2ban does not run nobody is banned, which is said, and nothing is changed', async () => {
  must('systemctl', ['stop', 'fail2ban']);
  const before = JSON.stringify([kept(), counted()]);
  try {
    for (const asked of [await ban(OUTSIDE), await unban(OUTSIDE)]) {
      const { status, error } = await ended(asked);
      expect([status, error?.code]).toEqual(['failed', 'not_ready']);
    }
    expect((await shown()).jails).toEqual([]);
    expect(run('sculptorctl', ['ban', 'list']).out).toMatch(/^fail2ban does not run/);
    expect(JSON.stringify([kept(), counted()])).toBe(before);
  } finally {
    must('systemctl', ['start', 'fail2ban']);
    await untilItRuns();
  }
});
