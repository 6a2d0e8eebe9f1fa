import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import {
  accepted,
  createDomain,
  ended,
  operationId,
  readOperation,
  ready,
  succeeded,
  unique,
} from './agent.ts';
import {
  begin,
  build,
  forget,
  isHalfWay,
  letGo,
  publish,
  purge,
  SECURITY,
  versionOf,
  WAITS,
} from './archive.ts';
import { must, page, run } from './server.ts';
import { told } from './told.ts';

/* Packages that are replaced while operations are asked for, and a package that waits half-way until it is let go. */

const HOOK = '/usr/lib/sculptor/update-hook';
const MARKS = '/run/sculptor-updates';
const NAME = 'probe-slow';

beforeAll(async () => {
  await ready();
  begin();
});
afterEach(() => purge(NAME));
afterAll(forget);

type Running = { readonly child: ChildProcess; readonly over: Promise<number | null> };

function start(file: string, ...args: readonly string[]): Running {
  const child = spawn(file, args, { stdio: 'ignore', detached: true });
  return { child, over: new Promise((resolve) => child.once('close', (code) => resolve(code))) };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(20);
}

/** Looked at twice since now: what was taken from the queue before has been dealt with. */
async function seenTwice(): Promise<void> {
  for (let times = 0; times < 2; times += 1) {
    const last = statSync(`${MARKS}/met`).mtimeMs;
    await until(() => statSync(`${MARKS}/met`).mtimeMs > last);
  }
}

const package_ = () => build('/srv/archive', { name: NAME, version: '1.0', configured: WAITS });
const newSite = () =>
  accepted('POST', '/v1/domains', { body: { name: `${unique('room')}.example`, type: 'static' } });

/** Waits until the package is half-way, and the worker knows. */
async function halfWay(): Promise<void> {
  await until(isHalfWay);
  await seenTwice();
}

test.each([
  ['apt', () => start('apt-get', 'install', '--quiet', '--yes', package_())],
  ['dpkg by hand', () => start('dpkg', '--install', package_())],
  [
    'unattended-upgrade',
    () => {
      must('dpkg', ['--install', build('/srv/archive', { name: NAME, version: '0.9' })]);
      publish('security', SECURITY, [{ name: NAME, version: '1.0', configured: WAITS }]);
      return start('unattended-upgrade');
    },
  ],
])(
  'nothing is begun while %s replaces a package, and all that waits is done afterwards',
  async (_by, replace) => {
    const { over } = replace();
    await halfWay();
    const asked = await Promise.all([newSite(), newSite(), newSite()]);
    await seenTwice();
    for (const answer of asked) expect((await readOperation(operationId(answer))).status).toBe('queued');
    const let_go = new Date().toISOString();
    letGo();
    expect(await over).toBe(0);
    for (const answer of asked) {
      const { status, startedAt } = await ended(answer);
      expect(status).toBe('succeeded');
      expect(startedAt! >= let_go).toBe(true);
    }
    expect(versionOf(NAME)).toBe('1.0');
    expect(existsSync(`${MARKS}/mark`)).toBe(false);
  },
);

test('an administrator is told what was replaced, and that the server answers', async () => {
  must('dpkg', ['--install', build('/srv/archive', { name: NAME, version: '0.9' })]);
  letGo();
  publish('security', SECURITY, [{ name: NAME, version: '1.1', configured: WAITS }]);
  must('unattended-upgrade', []);
  const one = await told(new RegExp(`${NAME} (0\\.9 to )?1\\.1`));
  expect(one).toMatchObject({ kind: 'updated', operation: null, resource: { type: 'server' } });
  expect(one.message).toMatch(/MariaDB answers and \d+ of sites, databases and tenants were looked at/);
  expect(one.message).toMatch(/The server (need not|has to) be started anew/);
  // It is told first, and then forgotten.
  await until(() => !existsSync(`${MARKS}/from`));
});

test('where all of it is killed half-way, and no hook tells of its end, operations go on', async () => {
  const { child, over } = start('apt-get', 'install', '--quiet', '--yes', package_());
  await halfWay();
  const asked = await newSite();
  process.kill(-child.pid!, 'SIGKILL');
  must('pkill', ['--signal=KILL', '--exact', 'dpkg']);
  must('pkill', ['--signal=KILL', '--full', `${NAME}.postinst`]);
  await over;
  expect(existsSync(`${MARKS}/mark`)).toBe(true);
  await succeeded(asked);
  expect(existsSync(`${MARKS}/mark`)).toBe(false);
});

test('what is under way ends before a package is touched', async () => {
  const { id, name } = await createDomain({ name: `${unique('room')}.example`, type: 'static' });
  const lock = start('flock', `/var/lib/sculptor-root/locks/${id}`, 'sleep', 'infinity');
  const asked = await accepted('PATCH', `/v1/domains/${id}`, { body: { type: 'php' } });
  while ((await readOperation(operationId(asked))).status !== 'running') await pause(20);
  const file = package_();
  letGo();
  const apt = start('apt-get', 'install', '--quiet', '--yes', file);
  await until(() => existsSync(`${MARKS}/mark`));
  await seenTwice();
  expect(isHalfWay()).toBe(false);
  process.kill(-lock.child.pid!, 'SIGKILL');
  const half = until(isHalfWay).then(() => readOperation(operationId(asked)));
  expect((await half).status).toBe('succeeded');
  expect(await apt.over).toBe(0);
  expect((await page(name))[0]).not.toBe(0);
});

test('where what is under way does not end, the hook does: in less than twenty seconds, and well', async () => {
  const { id } = await createDomain({ name: `${unique('room')}.example`, type: 'static' });
  const lock = start('flock', `/var/lib/sculptor-root/locks/${id}`, 'sleep', 'infinity');
  const asked = await accepted('PATCH', `/v1/domains/${id}`, { body: { type: 'php' } });
  while ((await readOperation(operationId(asked))).status !== 'running') await pause(20);
  expect(run('timeout', ['20', HOOK, 'before']).code).toBe(0);
  // dpkg is called many times for one update: it was waited for already.
  for (let times = 0; times < 50; times += 1) must('timeout', ['5', HOOK, 'before']);
  expect(run(HOOK, ['after']).code).toBe(0);
  process.kill(-lock.child.pid!, 'SIGKILL');
  await succeeded(asked);
});

test('where no worker is there, nobody is waited for', () => {
  must('systemctl', ['stop', 'sculptor-worker-privileged']);
  utimesSync(`${MARKS}/met`, 0, 0);
  expect(run('timeout', ['10', HOOK, 'before']).code).toBe(0);
  must('systemctl', ['start', 'sculptor-worker-privileged']);
});

test.each(['before', 'after', 'before', 'before', 'after', 'after', '', 'anything'])(
  'the hook ends well whatever it is called with, however often, and where it can leave no mark: %j',
  (word) => {
    expect(run(HOOK, [word]).code).toBe(0);
    const closed = `mount -t tmpfs -o ro tmpfs ${MARKS} && exec ${HOOK} "$1"`;
    expect(run('unshare', ['--mount', 'sh', '-c', closed, 'sh', word]).code).toBe(0);
  },
);

test('a tenant who locks a file does not hold back what others ask for', async () => {
  const lock = '/var/lib/dpkg/lock-frontend';
  const inode = statSync(lock).ino;
  const { id } = await createDomain({ name: `${unique('room')}.example`, type: 'static' });
  must(HOOK, ['before']);
  must(HOOK, ['after']);
  // As if the inode of a file of its own had dpkg's number: it holds the very lock, and is not root.
  must('chmod', ['o+rw', lock]);
  const held = start(
    ...['runuser', '-u', `s-${id}`, '--', 'python3', '-c'],
    `import fcntl, time; f = open('${lock}', 'r+'); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(999)`,
  );
  await until(() => readFileSync('/proc/locks', 'utf8').includes(`:${inode} `));
  must('touch', [`${MARKS}/mark`]);
  await succeeded(await newSite());
  process.kill(-held.child.pid!, 'SIGKILL');
  must('chmod', ['640', lock]);
});
