import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = join(__dirname, '../../scripts/machine.sh');
const fresh = ['run', '--fresh', '--'];

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function machine(args: readonly string[], input: string | Buffer = ''): Ended {
  const { status, stdout, stderr } = spawnSync(script, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  return { code: status, out: stdout, err: stderr };
}

const started: ChildProcess[] = [];

/** Starts a machine whose command says its hostname and then waits for ever. */
async function waiting(args: readonly string[] = fresh) {
  const child = spawn(script, [...args, 'sh', '-c', 'hostname; sleep 600'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  started.push(child);
  const ended = once(child, 'exit');
  const name = String(await once(child.stdout, 'data')).trim();
  return { child, ended, name };
}

/** What this server has of a machine of that name: containers, mounts. */
function traces(name: string): string[] {
  const processes = spawnSync('pgrep', ['-af', '--', `--hostname=${name}`], {
    encoding: 'utf8',
  }).stdout.split('\n');
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return [...processes, ...mounts.filter((line) => line.includes('sculptor-machine'))].filter(Boolean);
}

function groupsOf(pid: number): string {
  return spawnSync('find', ['/sys/fs/cgroup', '-name', `sculptor-machine-${pid}`], { encoding: 'utf8' })
    .stdout;
}

async function eventually(look: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (look()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

// The first start on a new server makes the root file system.
beforeAll(() => {
  expect(machine([...fresh, 'true'])).toMatchObject({ code: 0 });
}, 900_000);

// Whatever a test that failed has left behind.
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGTERM');
});

describe('a command in a machine', () => {
  test('passes its exit code on', () => {
    expect(machine([...fresh, 'sh', '-c', 'exit 42']).code).toBe(42);
  });

  test('that is killed is told as a shell tells it, and nothing else is said', () => {
    expect(machine([...fresh, 'sh', '-c', 'kill -9 $$'])).toEqual({ code: 137, out: '', err: '' });
  });

  test('has its standard output and standard error to itself', () => {
    const ended = machine([...fresh, 'sh', '-c', 'echo out; echo err >&2']);
    expect(ended).toEqual({ code: 0, out: 'out\n', err: 'err\n' });
  });

  test('reads standard input to the last byte', () => {
    const input = 'a line with \0 and ü\n'.repeat(100_000) + 'no newline at the end';
    expect(machine([...fresh, 'cat'], input).out === input).toBe(true);
  });

  test('gets its arguments as they are', () => {
    const args = ['', ' ', '$HOME', "it's", '--', 'a\nb'];
    const { out } = machine([...fresh, 'printf', '%s|', ...args]);
    expect(out).toBe(args.map((each) => `${each}|`).join(''));
  });

  test('runs as root in / with systemd as PID 1 and no network but the loopback', () => {
    const look = 'id -u; pwd; cat /proc/1/comm; ls /sys/class/net; systemctl is-system-running';
    expect(machine([...fresh, 'sh', '-c', look]).out).toBe('0\n/\nsystemd\nlo\nrunning\n');
  });

  test('that takes more memory than its unit may is killed', () => {
    const greedy = [
      '-p',
      'MemoryMax=30M',
      '-p',
      'MemorySwapMax=0',
      'sh',
      '-c',
      'head -c 200M /dev/zero | tail',
    ];
    expect(machine([...fresh, 'systemd-run', '--quiet', '--wait', '--pipe', ...greedy]).out).toBe('');
  });

  test('that does not exist ends with 127', () => {
    expect(machine([...fresh, '/nonesuch']).code).toBe(127);
  });
});

describe('the tree in a machine', () => {
  test('is there and read-only, without what git leaves out', () => {
    const look = 'cd /usr/src/sculptor-agent && ls scripts/machine.sh && ls -A | grep -x .git; touch it';
    const { out, err } = machine([...fresh, 'sh', '-c', look]);
    expect(out).toBe('scripts/machine.sh\n');
    expect(err).toContain('Read-only file system');
  });

  test('that is bound can be written', () => {
    const folder = mkdtempSync(join(tmpdir(), 'machine-'));
    const { code } = machine([
      'run',
      '--fresh',
      '--bind',
      `${folder}:/srv/bound`,
      '--',
      'cp',
      '/etc/hostname',
      '/srv/bound',
    ]);
    expect(code).toBe(0);
    expect(readFileSync(join(folder, 'hostname'), 'utf8')).toMatch(/^machine-/);
    rmSync(folder, { recursive: true });
  });
});

describe('a fresh machine', () => {
  test('has nothing that the installer is to bring', () => {
    const look = 'command -v nginx sudo node npm curl mariadbd redis-server supervisord php';
    expect(machine([...fresh, 'sh', '-c', look]).out).toBe('');
  });

  test('installs a package without a network', () => {
    const install = 'apt-get update && apt-get install -y sudo && sudo -V';
    expect(machine([...fresh, 'sh', '-c', install])).toMatchObject({ code: 0 });
  });
});

describe('two machines', () => {
  test('run side by side and know nothing of each other', async () => {
    const [one, two] = await Promise.all([waiting(), waiting()]);
    expect(one.name).not.toBe(two.name);
    one.child.kill('SIGTERM');
    await one.ended;
    expect(traces(two.name)).not.toEqual([]);
    two.child.kill('SIGTERM');
    await two.ended;
  });

  test('start from the same root file system', () => {
    expect(machine([...fresh, 'touch', '/root/left']).code).toBe(0);
    expect(machine([...fresh, 'test', '-e', '/root/left']).code).toBe(1);
  });
});

describe('a machine that is interrupted', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s is gone when its caller is told', async (signal, code) => {
    const { child, ended, name } = await waiting();
    child.kill(signal);
    expect(await ended).toEqual([code, null]);
    expect(traces(name)).toEqual([]);
    expect(groupsOf(child.pid!)).toBe('');
  });

  test('leaves no cgroups, whatever its units are called', () => {
    const slice =
      "systemctl start 'system-a\\x2db.slice' && systemd-run --quiet --slice='system-a\\x2db.slice' sleep 60";
    const { status, pid } = spawnSync(script, [...fresh, 'sh', '-c', slice]);
    expect(status).toBe(0);
    expect(groupsOf(pid)).toBe('');
  });

  test('by SIGKILL is gone all the same, and the next one sweeps its empty cgroups', async () => {
    const { child, ended, name } = await waiting();
    child.kill('SIGKILL');
    await ended;
    expect(await eventually(() => traces(name).length === 0)).toBe(true);
    machine([...fresh, 'true']);
    expect(groupsOf(child.pid!)).toBe('');
  });

  test('by the death of whoever called is gone too', async () => {
    const caller = spawn('bash', ['-c', '"$0" run --fresh -- sh -c "hostname; sleep 600" & wait', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const name = String(await once(caller.stdout, 'data')).trim();
    caller.kill('SIGKILL');
    expect(await eventually(() => traces(name).length === 0)).toBe(true);
  });
});

describe('a plain root file system', () => {
  const plain = ['chroot', '--'];

  test('has a PID 1 that is not systemd, and a loopback', () => {
    const look = 'cat /proc/1/comm; test -e /run/systemd/system || echo none; ls /sys/class/net';
    expect(machine([...plain, 'sh', '-c', look]).out).toBe('bash\nnone\nlo\n');
  });

  test('passes input, output and the exit code on', () => {
    expect(machine([...plain, 'sh', '-c', 'cat; exit 7'], 'said')).toEqual({ code: 7, out: 'said', err: '' });
  });

  test('ends with what its command left running', async () => {
    const { out } = machine([...plain, 'sh', '-c', 'sleep 601 >/dev/null 2>&1 & hostname']);
    expect(out).toMatch(/^machine-/);
    expect(await eventually(() => spawnSync('pgrep', ['-xf', 'sleep 601']).status === 1)).toBe(true);
  });
});

describe('a call that is wrong', () => {
  test.each([
    ['without a command', ['run', '--fresh', '--']],
    ['with an unknown option', ['run', '--nonesuch', '--', 'true']],
    ['with a relative folder', ['run', '--bind', 'here:there', '--', 'true']],
    ['with an unknown word', ['nonesuch']],
  ])('%s is refused before anything is made', (_, args) => {
    expect(machine(args)).toMatchObject({ out: '', err: expect.stringMatching(/^machine\.sh: /) });
  });
});
