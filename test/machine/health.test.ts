import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ServerHealth } from '../../contract/health.ts';
import type { HealthSample } from '../../contract/health.ts';
import { Notification } from '../../contract/notifications.ts';
import { api, createDomain, ready, unique } from './agent.ts';
import { startOutlets, type Outlets, type Told } from './outlets.ts';
import { must, place, run, sculptorctl, visit } from './server.ts';

/*
 * A disk that is full, a service that is stopped, a certificate that ends and a site that is slow, each for real; and what is
 * told of it comes to a webhook's receiver and by mail.
 */

const SETTINGS = '/etc/sculptor/health.json';
const CERTIFICATE = '/etc/sculptor/tls/server.crt';
const KEY = '/etc/sculptor/tls/server.key';
const DISK = '/srv';
/** Raised and over at the first look: how minutes are counted, others test. How busy the machine is is not ours. */
const AT_ONCE = {
  alarms: {
    ...{ cpu: null, memory: null, load: null },
    ...{ disk: { minutes: 0 }, service: { minutes: 0 }, certificate: { minutes: 0 } },
    ...{ siteSlow: { threshold: 1500, rearm: 1000, minutes: 0 }, siteDown: { minutes: 0 } },
  },
  siteCheckMinutes: 0.1,
};
const whole = readFileSync(CERTIFICATE);
const name = `${unique('slow')}.example`;
const begun = new Date().toISOString();
let user = '';
let slow = '';
let outlets: Outlets;

beforeAll(async () => {
  await ready();
  outlets = await startOutlets();
  must('mkdir', ['-p', DISK]);
  must('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', DISK]);
  writeFileSync(SETTINGS, JSON.stringify(AT_ONCE));
  const { id } = await createDomain({ name });
  user = `s-${id}`;
  slow = `/home/www/${name}/public/slow`;
  place(
    user,
    `/home/www/${name}/public/index.php`,
    `<?php if (file_exists(__DIR__ . '/slow')) { usleep(2000000); } echo 'here';`,
  );
  expect(await visit(name)).toMatchObject({ status: 200, text: 'here' });
});

afterAll(async () => {
  makeWell();
  run('umount', [DISK]);
  rmSync(SETTINGS, { force: true });
  await outlets.close();
});

function makeUnwell(): void {
  // Until there is no room, which dd calls an error.
  run('dd', ['if=/dev/zero', `of=${DISK}/full`, 'bs=1M', 'count=8']);
  must('systemctl', ['stop', 'cron.service']);
  const soon = ['req', '-x509', '-key', KEY, '-subj', '/CN=machine.example', '-days', '3'];
  must('openssl', [...soon, '-out', CERTIFICATE]);
  place(user, slow, '');
}

function makeWell(): void {
  rmSync(`${DISK}/full`, { force: true });
  must('systemctl', ['start', 'cron.service']);
  writeFileSync(CERTIFICATE, whole);
  if (slow !== '') rmSync(slow, { force: true });
}

const OF: Readonly<Record<string, RegExp>> = {
  disk: /The disk at \/srv is full/,
  service: /^cron is/,
  certificate: /^The certificate of .* ends in/,
  site: new RegExp(`^${name.replaceAll('.', '\\.')} takes`),
};

/** How often each was told to be raised, and to be over, since this began: on a server that others were tested on. */
function counts(all: readonly Told[]): object {
  const count = (kind: Told['kind'], words: RegExp) =>
    all.filter((one) => one.kind === kind && words.test(one.message)).length;
  return Object.fromEntries(
    Object.entries(OF).map(([what, words]) => [what, [count('alarm', words), count('alarm_over', words)]]),
  );
}

async function told(): Promise<object> {
  const { json } = await api('GET', '/v1/notifications?limit=200');
  const all = (json['items'] as unknown[]).map((item) => Notification.parse(item));
  const mine = all.flatMap(({ createdAt, kind, message }) =>
    createdAt >= begun && (kind === 'alarm' || kind === 'alarm_over') ? [{ kind, message }] : [],
  );
  return { listed: counts(mine), posted: counts(outlets.posted()), mailed: counts(outlets.mailed()) };
}

function each(raised: number, over: number): object {
  const all = Object.fromEntries(Object.keys(OF).map((what) => [what, [raised, over]]));
  return { listed: all, posted: all, mailed: all };
}

/** Waits as long as the test may last: a look is a minute away at most. */
async function until(wanted: object): Promise<void> {
  while (JSON.stringify(await told()) !== JSON.stringify(wanted)) await pause(1000);
}

async function latest(): Promise<HealthSample | null> {
  return ServerHealth.parse((await api('GET', '/v1/server/health')).json).latest;
}

/** Two looks later. */
async function looksLater(): Promise<void> {
  for (let look = 0; look < 2; look += 1) {
    const before = (await latest())?.at;
    while ((await latest())?.at === before) await pause(1000);
  }
}

test('the server is measured, each minute, and all that it stands on is well', async () => {
  const now = new Date().toISOString();
  let seen: HealthSample | null = null;
  // One of before has not seen the disk.
  while (seen === null || seen.cpuPercent === null || seen.at < now) {
    await pause(1000);
    seen = await latest();
  }
  expect(seen.services.filter(({ well }) => !well)).toEqual([]);
  const names = seen.services.map((service) => service.name);
  expect(names).toEqual(
    expect.arrayContaining([
      ...['nginx', 'mariadb', 'cron', 'sculptor-redis', 'sculptor-api', 'sculptor-worker-privileged'],
      ...['sculptor-worker-unprivileged', 'sculptor-executor.socket', 'sculptor-mailer', 'PHP of sites'],
    ]),
  );
  expect(seen.places.map((one) => one.place)).toEqual(expect.arrayContaining(['/', DISK]));
  expect(seen.memory.bytes).toBeGreaterThan(100_000_000);
  expect(sculptorctl('system', 'health').out).toMatch(/^nginx +yes +active \(running\)$/m);
});

test('a full disk, a stopped service, a certificate that ends and a slow site are each told once: listed, posted and mailed', async () => {
  makeUnwell();
  await until(each(1, 0));
  must('systemctl', ['kill', '--signal=SIGKILL', 'sculptor-worker-privileged.service']);
  await looksLater();
  expect(await told()).toEqual(each(1, 0));
  expect(sculptorctl('system', 'alarms').out).toMatch(/^disk +\/srv +100 /m);
  expect(sculptorctl('domain', 'checks', name).out).toMatch(/^answered after +[2-9][0-9]{3} ms$/m);
});

test('when all is well again, each is told to be over, once', async () => {
  makeWell();
  await until(each(1, 1));
  await looksLater();
  expect(await told()).toEqual(each(1, 1));
  expect(sculptorctl('system', 'alarms').out).toMatch(/^no alarm is raised$/m);
});

test('and each is raised again by the next time', async () => {
  makeUnwell();
  await until(each(2, 1));
  makeWell();
  await until(each(2, 2));
});
