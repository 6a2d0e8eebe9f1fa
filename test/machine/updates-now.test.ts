import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ShownUpdates } from '../../contract/updates.ts';
import { accepted, api, ended, operationId, readOperation, ready, succeeded, unique } from './agent.ts';
import {
  begin,
  build,
  forget,
  forgetRead,
  isHalfWay,
  letGo,
  POINT_RELEASE,
  publish,
  purge,
  SECURITY,
  versionOf,
  WAITS,
} from './archive.ts';
import { must, run } from './server.ts';
import { told } from './told.ts';

/* What waits, and that it be installed now: by the distribution's own unit, from signed archives as it has them. */

const [FIXED, MOVED, KEPT, SLOW] = ['probe-fixed', 'probe-moved', 'probe-kept', 'probe-slow'] as const;
const STAMP = '/var/lib/apt/periodic/upgrade-stamp';

beforeAll(async () => {
  await ready();
  begin();
});
afterEach(() => purge(FIXED, MOVED, KEPT, SLOW));
afterAll(forget);

const asBefore = (...names: readonly string[]) => {
  must('dpkg', ['--install', ...names.map((name) => build('/srv/archive', { name, version: '1.0' }))]);
  forgetRead();
};
const shown = async () => ShownUpdates.parse((await api('GET', '/v1/server/updates')).json);
const install = () => accepted('POST', '/v1/server/updates/install');

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(50);
}

/** What the worker has written down after now. */
async function seen(): Promise<ShownUpdates> {
  must('systemctl', ['restart', 'sculptor-worker-privileged']);
  const now = new Date().toISOString();
  await until(async () => (await shown()).lookedAt > now);
  return shown();
}

test('a security update waits by itself, a held one is named, and a point release waits for a person', async () => {
  asBefore(FIXED, MOVED, KEPT);
  must('apt-mark', ['hold', KEPT]);
  publish(
    'security',
    SECURITY,
    [FIXED, KEPT].map((name) => ({ name, version: '1.1' })),
  );
  publish('point', POINT_RELEASE, [
    { name: MOVED, version: '1.2' },
    { name: FIXED, version: '1.3' },
  ]);
  const { pending } = await seen();
  expect(pending).toMatchObject({
    security: [{ name: FIXED, from: '1.0', to: '1.1' }],
    ...{ more: 0, heldBack: [KEPT], others: 1 },
  });
  const { out } = run('sculptorctl', ['system', 'updates']);
  expect(out).toMatch(/^security updates +1 wait$/m);
  expect(out).toMatch(/^held back +probe-kept$/m);
  expect(out).toMatch(/^other updates +1 wait for a person$/m);
  expect(out).toMatch(/^probe-fixed +1\.0 +1\.1$/m);
});

test('what waits is installed now, though it was done today already, and the point release is not', async () => {
  asBefore(FIXED, MOVED);
  writeFileSync(STAMP, '');
  publish('security', SECURITY, [{ name: FIXED, version: '1.1' }]);
  publish('point', POINT_RELEASE, [{ name: MOVED, version: '1.2' }]);
  const { out, code } = run('sculptorctl', ['system', 'updates', '--install']);
  expect([code, out]).toEqual([0, expect.stringMatching(/^update\.install \S+: succeeded$/m)]);
  expect([FIXED, MOVED].map(versionOf)).toEqual(['1.1', '1.0']);
  expect(out).toMatch(/^security updates +none waits$/m);
  expect(out).toMatch(/^last run +succeeded at \S+, 1 package was replaced$/m);
  const { last, installing } = await shown();
  expect(last).toMatchObject({ result: 'succeeded', why: null, more: 0 });
  expect(last?.packages).toEqual([{ name: FIXED, from: '1.0', to: '1.1', whole: true }]);
  expect(installing).toBeNull();
  await told(new RegExp(`${FIXED} 1\\.0 to 1\\.1`));
  for (const record of ['update-run', 'update-run.log'])
    expect([record, statSync(`/var/lib/sculptor-root/${record}`).mode & 0o777]).toEqual([record, 0o600]);
});

test('asked for twice it is one run, which other operations wait for and which waits for none', async () => {
  asBefore(SLOW);
  publish('security', SECURITY, [{ name: SLOW, version: '1.1', configured: WAITS }]);
  const [one, other] = await Promise.all([install(), install()]);
  expect(operationId(one)).toBe(operationId(other));
  await until(isHalfWay);
  expect(operationId(await install())).toBe(operationId(one));
  expect((await shown()).installing).toBe(operationId(one));
  const site = await accepted('POST', '/v1/domains', {
    body: { name: `${unique('now')}.example`, type: 'static' },
  });
  await pause(3000);
  expect((await readOperation(operationId(site))).status).toBe('queued');
  expect((await readOperation(operationId(one))).status).toBe('running');
  letGo();
  await succeeded(one);
  await succeeded(site);
  expect(versionOf(SLOW)).toBe('1.1');
});

test.each(['worker-privileged', 'executor'])(
  'where %s is killed half-way, the same run is waited for and not begun a second time',
  async (unit) => {
    asBefore(SLOW);
    publish('security', SECURITY, [{ name: SLOW, version: '1.1', configured: WAITS }]);
    const asked = await install();
    await until(isHalfWay);
    const from = statSync('/var/log/unattended-upgrades/unattended-upgrades.log').size;
    must('systemctl', ['kill', '--signal=KILL', `sculptor-${unit}.service`]);
    await pause(3000);
    letGo();
    const { attempt } = await succeeded(asked);
    expect(attempt).toBeGreaterThan(1);
    expect(versionOf(SLOW)).toBe('1.1');
    // One run has written there, and it had begun before.
    const log = readFileSync('/var/log/unattended-upgrades/unattended-upgrades.log', 'utf8').slice(from);
    expect(log).not.toMatch(/Starting unattended upgrades script/);
  },
);

test('where it is killed half-way the operation fails, and until dpkg is mended the next one says that nothing was done', async () => {
  asBefore(SLOW);
  publish('security', SECURITY, [{ name: SLOW, version: '1.1', configured: WAITS }]);
  const asked = await install();
  await until(isHalfWay);
  must('pkill', ['--signal=KILL', '--full', '/usr/bin/unattended-upgrade']);
  must('pkill', ['--signal=KILL', '--exact', 'dpkg']);
  must('pkill', ['--signal=KILL', '--full', `${SLOW}.postinst`]);
  const { status, error } = await ended(asked);
  expect([status, error?.code]).toEqual(['failed', 'server_broken']);
  expect((await shown()).last).toMatchObject({ result: 'failed', packages: [{ name: SLOW, whole: false }] });
  letGo();
  // apt's own look at itself comes first, and ends the unit well.
  const again = await ended(await install());
  expect([again.status, again.error?.hint]).toEqual(['failed', expect.stringMatching(/dpkg --configure/)]);
  must('dpkg', ['--configure', '--pending']);
  await succeeded(await install());
  expect((await shown()).last?.result).toBe('succeeded');
  expect(must('dpkg-query', ['--show', '--showformat=${Status}', SLOW])).toBe('install ok installed');
});

test('a package whose own script fails is said to have, with the words of whoever installs', async () => {
  asBefore(FIXED);
  publish('security', SECURITY, [{ name: FIXED, version: '1.1', configured: 'exit 1' }]);
  const { status, error } = await ended(await install());
  expect([status, error?.code]).toEqual(['failed', 'server_broken']);
  expect(error?.message).toMatch(/^The installing of security updates failed/);
  const { out, code } = run('sculptorctl', ['system', 'updates']);
  expect(code).toBe(0);
  expect(out).toMatch(/^last run +failed at /m);
  must('dpkg', ['--purge', '--force-all', FIXED]);
});

test('a server on which nothing installs itself says so, instead of that all is well', async () => {
  const later = '/etc/apt/apt.conf.d/99zz';
  writeFileSync(later, 'APT::Periodic::Unattended-Upgrade "0";\n');
  try {
    const { status, error } = await ended(await install());
    expect([status, error?.message]).toEqual(['failed', expect.stringMatching(/^Nothing was installed/)]);
  } finally {
    rmSync(later);
  }
});

test('an archive that cannot be read is told, and what was known of before is installed', async () => {
  asBefore(FIXED);
  publish('security', SECURITY, [{ name: FIXED, version: '1.1' }]);
  writeFileSync('/etc/apt/sources.list.d/gone.list', 'deb [trusted=yes] file:/srv/archive/gone ./\n');
  try {
    const { status, error } = await ended(await install());
    expect([status, error?.message]).toEqual(['failed', expect.stringMatching(/^The archives could not be/)]);
    expect(versionOf(FIXED)).toBe('1.1');
  } finally {
    rmSync('/etc/apt/sources.list.d/gone.list');
  }
});

test('more than root lets be asked for in an hour waits, and is not done by whoever has the worker either', async () => {
  must('sculptorctl', ['limit', 'set', 'upgradesPerHour', '0']);
  try {
    const asked = await install();
    await until(async () => (await readOperation(operationId(asked))).error !== null);
    const { status, error, attempt } = await readOperation(operationId(asked));
    expect([status, error?.code, attempt]).toEqual(['queued', 'limit_reached', 0]);
    await accepted('POST', `/v1/operations/${operationId(asked)}/cancel`);
    expect((await ended(asked)).status).toBe('cancelled');
  } finally {
    must('sculptorctl', ['limit', 'set', 'upgradesPerHour', '100000']);
  }
});

test('is not planned, and what the timer runs is told the same way', async () => {
  expect((await api('POST', '/v1/server/updates/install?plan=true')).json['type']).toBe(
    'urn:sculptor:problem:no-plan',
  );
  asBefore(FIXED);
  publish('security', SECURITY, [{ name: FIXED, version: '1.1' }]);
  rmSync(STAMP, { force: true });
  must('systemctl', ['start', 'apt-daily-upgrade.service']);
  expect((await seen()).last).toMatchObject({ result: 'succeeded', packages: [{ name: FIXED, to: '1.1' }] });
  // Done today: it does nothing, and what is known of the last time stays.
  must('systemctl', ['start', 'apt-daily-upgrade.service']);
  expect((await seen()).last).toMatchObject({ result: 'succeeded', packages: [{ name: FIXED, to: '1.1' }] });
});
