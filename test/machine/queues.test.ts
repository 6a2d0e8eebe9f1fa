import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Queue } from '../../contract/site-parts.ts';
import { accepted, api, createDomain, ready, readDomain, succeeded, unique } from './agent.ts';
import { must, place, run, sculptorctl, visit } from './server.ts';

/* Queues as a panel's customer has them: programs that the real Supervisor keeps, each in its site's slice. */

type Site = { readonly id: string; readonly name: string; readonly user: string };
let site: Site;

async function makeSite(prefix: string): Promise<Site> {
  const { id, name } = await createDomain({ name: `${unique(prefix)}.example` });
  return { id, name, user: `s-${id}` };
}

const at = ({ name }: Site) => `/v1/domains/${name}/queues`;

type Wanted = { readonly name: string; readonly command: readonly string[] } & Readonly<
  Record<string, unknown>
>;

async function create(of: Site, body: Wanted): Promise<void> {
  await succeeded(await accepted('POST', at(of), { body }));
}

async function read(of: Site, name: string): Promise<Queue> {
  return Queue.parse((await api('GET', `${at(of)}/${name}`)).json);
}

async function until(of: Site, name: string, is: (queue: Queue) => boolean): Promise<Queue> {
  for (;;) {
    const queue = await read(of, name);
    if (is(queue)) return queue;
    await pause(200);
  }
}

async function said(of: Site, name: string): Promise<string[]> {
  const { output } = (await api('GET', `${at(of)}/${name}/output`)).json as {
    output: { number: number; lines: string[] }[];
  };
  return output.flatMap(({ lines }) => lines);
}

const pidsOf = (queue: Queue) =>
  must('bash', [
    '-c',
    `systemctl list-units --plain --no-legend 'sculptor-part-${queue.id}-*' | cut -d' ' -f1`,
  ])
    .trim()
    .split('\n')
    .filter(Boolean);

async function runs({ user }: Site, command: string): Promise<void> {
  while (!must('ps', ['-o', 'args=', '-u', user]).split('\n').includes(command)) await pause(100);
}

/** Fifty requests of a visitor, one after the other. */
async function answersAll(of: Site): Promise<void> {
  for (let round = 0; round < 50; round += 1)
    expect(await visit(of.name, '/time.php')).toMatchObject({ status: 200 });
}

beforeAll(ready);
beforeAll(async () => {
  site = await makeSite('queues');
});

test('a program runs as often as it is asked for, as its site’s user, in its slice', async () => {
  await create(site, {
    name: 'worker',
    command: ['php', '-r', 'while (true) { echo getmypid(), " works\\n"; sleep(1); }'],
    processes: 2,
    environment: { GREETING: 'hello' },
    workingDirectory: 'private',
  });
  const queue = await until(site, 'worker', ({ state }) => state === 'running');
  expect(queue.processStates.map(({ number, state }) => [number, state])).toEqual([
    [0, 'running'],
    [1, 'running'],
  ]);
  expect(pidsOf(queue)).toEqual([0, 1].map((number) => `sculptor-part-${queue.id}-${number}.scope`));
  const slice = must('systemctl', ['show', '-P', 'Slice', `sculptor-part-${queue.id}-0.scope`]).trim();
  expect(slice).toBe(`sculptor-${site.id}.slice`);
  expect(must('ps', ['-o', 'args=', '-u', site.user])).toContain('php -r while (true)');
  while ((await said(site, 'worker')).length < 4) await pause(300);
  expect((await said(site, 'worker'))[0]).toMatch(/^[0-9]+ works$/);
});

test('it is stopped, stays so, and is started and started anew', async () => {
  const processes = () => run('pgrep', ['-u', site.user, '-f', '^php -r while']).out;
  await succeeded(await accepted('POST', `${at(site)}/worker/stop`));
  expect(processes()).toBe('');
  await until(site, 'worker', ({ state }) => state === 'stopped');
  must('systemctl', ['restart', 'sculptor-supervisor.service']);
  expect((await read(site, 'worker')).running).toBe(false);
  await pause(1000);
  expect(processes()).toBe('');
  await succeeded(await accepted('POST', `${at(site)}/worker/start`));
  await until(site, 'worker', ({ state }) => state === 'running');
  const before = processes();
  await succeeded(await accepted('POST', `${at(site)}/worker/restart`));
  // What was seen of it may be older than that.
  const olds = new Set(before.split('\n').filter(Boolean));
  const news = () =>
    processes()
      .split('\n')
      .filter((pid) => pid !== '' && !olds.has(pid));
  while (news().length < 2) await pause(100);
  expect(processes().trim().split('\n')).toHaveLength(2);
});

test('it gets the signal that was asked for, and what it leaves behind is ended', async () => {
  const script = 'trap "echo it was told; exit 0" USR1; setsid sleep 4321 & while :; do sleep 0.1; done';
  await create(site, { name: 'signal', command: ['bash', '-c', script], stopSignal: 'USR1' });
  while (run('pgrep', ['-u', site.user, '-f', 'sleep 4321']).code !== 0) await pause(50);
  await succeeded(await accepted('POST', `${at(site)}/signal/stop`));
  expect(run('pgrep', ['-u', site.user, '-f', 'sleep 4321']).code).not.toBe(0);
  while (!(await said(site, 'signal')).includes('it was told')) await pause(200);
});

test('a change of one starts no other anew', async () => {
  const before = must('pgrep', ['-u', site.user, '-f', '^php -r while']);
  await succeeded(await accepted('PATCH', `${at(site)}/signal`, { body: { processes: 3, cpuPercent: 20 } }));
  await succeeded(await accepted('DELETE', `${at(site)}/signal`));
  expect((await api('GET', `${at(site)}/signal`)).status).toBe(404);
  expect(must('pgrep', ['-u', site.user, '-f', '^php -r while'])).toBe(before);
});

test('one that keeps dying is failed, with its last words, and is told once', async () => {
  await create(site, {
    name: 'dying',
    command: ['sh', '-c', 'echo "no \u001b[31mdatabase"; exit 7'.replace('\u001b', '$(printf "\\\\033")')],
  });
  const queue = await until(
    site,
    'dying',
    ({ state, lastWords }) => state === 'failed' && lastWords.length > 0,
  );
  expect(queue.processStates[0]).toMatchObject({ state: 'failed', exitCode: null });
  expect(queue.lastWords.at(-1)).toBe('no \\u001b[31mdatabase');
  const told = async () =>
    ((await api('GET', '/v1/notifications')).json['items'] as { kind: string; message: string }[]).filter(
      ({ kind, message }) => kind === 'program_failed' && message.includes('dying'),
    );
  while ((await told()).length === 0) await pause(300);
  await pause(7000);
  expect(await told()).toHaveLength(1);
  expect((await told())[0]?.message).toMatch(
    /keeps ending at once .* It said last: .*no \\u001b\[31mdatabase$/,
  );
  await succeeded(await accepted('DELETE', `${at(site)}/dying`));
  expect(existsSync(`/var/log/sculptor/programs/${queue.id}`)).toBe(false);
});

test('it goes to the trash with its site, and comes back as it was', async () => {
  const { id, name, user } = await makeSite('trashed');
  const own = { id, name, user };
  await create(own, { name: 'one', command: ['sleep', '1000'] });
  await create(own, { name: 'two', command: ['sleep', '2000'] });
  await succeeded(await accepted('POST', `${at(own)}/two/stop`));
  await succeeded(await accepted('PATCH', `/v1/domains/${name}`, { body: { enabled: false } }));
  expect(run('pgrep', ['-u', user, 'sleep']).code).toBe(1);
  await succeeded(await accepted('PATCH', `/v1/domains/${name}`, { body: { enabled: true } }));
  await runs(own, 'sleep 1000');
  await succeeded(await accepted('DELETE', `/v1/domains/${name}`));
  expect(run('pgrep', ['-u', user]).code).toBe(1);
  await succeeded(await accepted('POST', `/v1/domains/${id}/restore`));
  expect((await readDomain(name)).status).toBe('live');
  await runs(own, 'sleep 1000');
  expect(must('ps', ['-o', 'args=', '-u', user])).not.toMatch(/^sleep 2000$/m);
  await until(own, 'two', ({ state }) => state === 'stopped');
});

test('sculptorctl makes, shows, changes and removes one', async () => {
  const made = sculptorctl(
    'queue',
    'create',
    site.name,
    'cli',
    '--env',
    'A=b c',
    '--stop-seconds',
    '3',
    '--',
    'sh',
    '-c',
    'echo $A "$0"; exec sleep 900',
    '-x',
  );
  expect(made).toMatchObject({ code: 0, err: '' });
  while (!sculptorctl('queue', 'logs', site.name, 'cli').out.includes('b c -x')) await pause(300);
  expect(sculptorctl('queue', 'show', site.name, 'cli').out).toMatch(
    /^command +\["sh","-c","echo \$A \\"\$0\\"; exec sleep 900","-x"\]$/m,
  );
  expect(sculptorctl('queue', 'update', site.name, 'cli', '--no-boot', '--', 'sleep', '901').code).toBe(0);
  await runs(site, 'sleep 901');
  for (const word of ['stop', 'start', 'restart'])
    expect(sculptorctl('queue', word, site.name, 'cli').code).toBe(0);
  await runs(site, 'sleep 901');
  expect(sculptorctl('queue', 'list', site.name).out).toMatch(/^cli .* sleep 901$/m);
  expect(sculptorctl('queue', 'delete', site.name, 'cli').code).toBe(0);
  expect(run('pgrep', ['-u', site.user, '-f', 'sleep 901']).code).toBe(1);
  expect(sculptorctl('queue', 'update', site.name, 'cli', '--env', 'nothing').code).not.toBe(0);
});

test('when Supervisor is killed, each program runs once again, and nothing is left of before', async () => {
  const pids = () => must('pgrep', ['-u', site.user, '-f', '^php -r while']).trim().split('\n');
  const before = pids();
  must('systemctl', ['kill', '--signal=KILL', '--kill-whom=main', 'sculptor-supervisor.service']);
  await until(site, 'worker', ({ processStates }) => processStates[0]?.state === 'starting');
  await until(site, 'worker', ({ state }) => state === 'running');
  expect(pids()).toHaveLength(2);
  expect(pids().filter((pid) => before.includes(pid))).toEqual([]);
});

describe('a neighbour', () => {
  let neighbour: Site;
  let pidBefore: string;
  const ticks = async () => (await said(neighbour, 'ticking')).length;

  beforeAll(async () => {
    neighbour = await makeSite('neighbour');
    place(neighbour.user, `/home/www/${neighbour.name}/public/time.php`, '<?php echo hrtime(true);');
    await create(neighbour, {
      name: 'ticking',
      command: ['bash', '-c', 'while :; do echo tick; sleep 1; done'],
    });
    await until(neighbour, 'ticking', ({ state }) => state === 'running');
    await answersAll(neighbour);
    pidBefore = must('pgrep', ['-u', neighbour.user, '-f', 'echo tick']);
  });

  test.each([
    [
      'eats memory',
      ['php', '-d', 'memory_limit=-1', '-r', '$a = []; while (true) $a[] = random_bytes(1 << 20);'],
      {},
    ],
    ['forks', ['bash', '-c', 'f() { f | f & }; f; while :; do sleep 0.01 & done'], {}],
    ['logs without end', ['yes', 'a line that has no end'], { processes: 4 }],
    ['dies at once', ['false'], { processes: 16 }],
  ])(
    'is as it was beside a queue that %s',
    async (name, command, more) => {
      const bad = await makeSite('bad');
      const called = name.replaceAll(' ', '-');
      await create(bad, { name: called, command, ...more });
      await pause(6000);
      await answersAll(neighbour);
      const before = await ticks();
      expect(must('pgrep', ['-u', neighbour.user, '-f', 'echo tick'])).toBe(pidBefore);
      while ((await ticks()) <= Math.min(before, 150)) await pause(500);
      expect((await read(neighbour, 'ticking')).state).toBe('running');
      const kept = Number(must('du', ['-s', '--block-size=1', `/var/log/sculptor/programs`]).split('\t')[0]);
      expect(kept).toBeLessThan(32 * 1_048_576);
      await succeeded(await accepted('POST', `${at(bad)}/${called}/stop`));
      expect(run('pgrep', ['-u', bad.user, '-x', command[0] ?? '']).code).toBe(1);
      await succeeded(await accepted('DELETE', `/v1/domains/${bad.name}`));
    },
    90_000,
  );

  test('cannot be seen, ended or read by another’s queue', async () => {
    const victim = must('pgrep', ['-o', '-u', neighbour.user, '-f', 'echo tick']).trim();
    const script = [
      `ps -e -o user:32= | sort -u; kill -9 ${victim}; cat /proc/${victim}/cmdline; cat /proc/${victim}/environ`,
      `cat /etc/sculptor/programs/*; ls /var/log/sculptor/programs; ls /home/www/${neighbour.name}/private`,
      'cat /etc/sculptor/supervised/*; ls -la /run/sculptor-supervisor /run/sculptor /run/sculptor-executor /run/sculptor-redis /run/sculptor-php',
      'busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager GetUnitProcesses s sculptor-supervisor.service',
      'supervisorctl -s unix:///run/sculptor-supervisor/supervisor.sock status; cat /dev/shm/*; ls /tmp; unshare -Ur id; mount -t tmpfs x /mnt; echo the end; sleep 900',
    ].join('; ');
    await create(site, { name: 'spy', command: ['bash', '-c', script] });
    while (!(await said(site, 'spy')).includes('the end')) await pause(300);
    const lines = await said(site, 'spy');
    expect(lines.filter((line) => line.startsWith('s-'))).toEqual([site.user]);
    expect(lines.join('\n')).not.toMatch(/tick|neighbour.*: *$|^root$|api\.sock|executor\.sock|uid=0/m);
    expect(must('pgrep', ['-u', neighbour.user, '-f', 'echo tick'])).toBe(pidBefore);
    expect(readFileSync(`/proc/${victim}/comm`, 'utf8')).toBe('bash\n');
    await succeeded(await accepted('DELETE', `${at(site)}/spy`));
  });
});
