import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { kill } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { accepted, ready, succeeded, unique } from './agent.ts';
import { must, run } from './server.ts';

/* The units as they run: how exposed systemd finds them, and what becomes of a process that hangs. */

const SERVICES = ['api', 'worker-privileged', 'worker-unprivileged', 'executor'] as const;
const unitOf = (name: string) => `sculptor-${name}.service`;
const show = (name: string, property: string) =>
  must('systemctl', ['show', `--property=${property}`, '--value', unitOf(name)]).trim();

beforeAll(ready);

// The worker's first call starts it; on a server that came up this moment that may be still to come.
beforeAll(() => void must('systemctl', ['start', unitOf('executor')]));

describe('systemd-analyze security', () => {
  test.each([
    ['api', 1.0],
    ['worker-privileged', 1.5],
    ['worker-unprivileged', 1.5],
    ['redis', 1.0],
    ['notify', 1.0],
    // Root, who starts programs as the sites' users and mounts what they see; what they are is less.
    ['supervisor', 3.0],
    // It reaches the network, as the unprivileged worker does.
    ['mailer', 1.5],
    // Root, who owns what it is there to change, and who may make way for others.
    ['executor', 2.6],
  ])('finds the running sculptor-%s exposed by %d at most', (name, most) => {
    expect(show(name, 'ActiveState')).toBe('active');
    const found = must('systemd-analyze', ['security', '--no-pager', unitOf(name)]);
    const [, score = 'none'] = /exposure level for \S+ ([0-9.]+) /.exec(found) ?? [];
    expect(Number(score)).toBeLessThanOrEqual(most);
  });
});

describe('a watchdog', () => {
  const dropIn = (name: string) => `/run/systemd/system/${unitOf(name)}.d`;

  // As in the units, only that a test cannot wait for a minute.
  beforeAll(() => {
    for (const name of SERVICES) {
      mkdirSync(dropIn(name), { recursive: true });
      writeFileSync(`${dropIn(name)}/patience.conf`, '[Service]\nWatchdogSec=4\n');
    }
    restartAll();
  });
  afterAll(async () => {
    for (const name of SERVICES) rmSync(dropIn(name), { recursive: true });
    restartAll();
    await ready();
  });

  function restartAll(): void {
    must('systemctl', ['daemon-reload']);
    must('systemctl', ['restart', ...SERVICES.map(unitOf)]);
  }

  test('leaves those alone that are at work', async () => {
    await ready();
    const before = SERVICES.map((name) => show(name, 'MainPID'));
    const until = performance.now() + 10_000;
    while (performance.now() < until) {
      const asked = [{ type: 'static' }, { type: 'php' }].map(({ type }) =>
        accepted('POST', '/v1/domains', { body: { name: `${unique('watched')}.example`, type } }),
      );
      for (const answer of await Promise.all(asked)) await succeeded(answer);
    }
    expect(SERVICES.map((name) => show(name, 'MainPID'))).toEqual(before);
  });

  test.each(SERVICES)('ends %s when it hangs, and it is started anew and works', async (name) => {
    const hanging = show(name, 'MainPID');
    kill(Number(hanging), 'SIGSTOP');
    const isBack = () => show(name, 'ActiveState') === 'active' && show(name, 'MainPID') !== hanging;
    while (!isBack()) await pause(200);
    await ready();
    const body = { name: `${unique('after')}.example`, type: 'static' };
    await succeeded(await accepted('POST', '/v1/domains', { body }));
  });
});

describe('what found no room to start', () => {
  const LOST: readonly (readonly [unit: string, folder: string])[] = [
    ['mariadb', '/var/lib/mysql'],
    ['sculptor-redis', '/var/lib/sculptor-redis'],
  ];

  // More often than systemd tries where nothing is said of it.
  test.each(LOST)('comes back by itself when there is room: %s', async (unit, folder) => {
    const isActive = () => run('systemctl', ['is-active', '--quiet', unit]).code === 0;
    const restarts = () => Number(must('systemctl', ['show', '--property=NRestarts', '--value', unit]));
    must('systemctl', ['stop', unit]);
    must('mount', ['-t', 'tmpfs', '-o', 'size=4k,mode=0700', 'tmpfs', folder]);
    try {
      run('systemctl', ['start', unit]);
      while (restarts() < 2) await pause(200);
    } finally {
      must('umount', [folder]);
    }
    while (!isActive()) await pause(200);
    await ready();
  });
});
