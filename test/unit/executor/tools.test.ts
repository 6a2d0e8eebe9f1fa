import { FailureError } from '../../../contract/failures.ts';
import type { DomainId } from '../../../contract/ids.ts';
import { createAccounts } from '../../../worker-privileged/executor/system/accounts.ts';
import { createBatch } from '../../../worker-privileged/executor/system/batch.ts';
import { CommandError, type Command } from '../../../worker-privileged/executor/system/command.ts';
import { createLocks } from '../../../worker-privileged/executor/system/locks.ts';
import { asciiJson, causeOf } from '../../../worker-privileged/executor/system/log.ts';
import { createPhpFpm, installedVersions } from '../../../worker-privileged/executor/system/php-fpm.ts';
import { namedWhereShuttingDown } from '../../../worker-privileged/executor/system/shutting-down.ts';
import { createUnitMasters } from '../../../worker-privileged/executor/system/units.ts';
import { failureOf } from './sites.ts';

const id = 'a1b2c3d4e5f6' as DomainId;
const said = ({ file, args }: Command) => [file, ...args].join(' ');

/** Programs that end as they are told, and remember how they were started. */
function fakeCommands(outcome: (command: Command) => string = () => '') {
  const started: Command[] = [];
  const run = (command: Command) => {
    started.push(command);
    return new Promise<string>((resolve) => resolve(outcome(command)));
  };
  return { started, run };
}

describe('a batch', () => {
  test('goes at once for the first, and together for those that come meanwhile', async () => {
    const runs: (readonly string[])[] = [];
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const batch = createBatch<string>(async (items) => {
      runs.push(items);
      await gate;
    });
    const first = batch('a');
    await Promise.resolve();
    await Promise.resolve();
    const others = [batch('b'), batch('c')];
    open();
    await Promise.all([first, ...others]);
    expect(runs).toEqual([['a'], ['b', 'c']]);
  });

  test('that fails fails for its own items, and the next one goes on', async () => {
    const batch = createBatch<string>(([item]) =>
      item === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve(),
    );
    await expect(batch('bad')).rejects.toThrow('bad');
    await expect(batch('good')).resolves.toBeUndefined();
  });
});

describe('a lock', () => {
  const held: string[] = [];
  const open = (path: string) => {
    held.push(`open ${path}`);
    return Promise.resolve({ fd: 7, close: () => Promise.resolve(void held.push('close')) });
  };
  const locks = createLocks(
    { hold: (command) => Promise.resolve(void held.push(`${said(command)} = ${command.descriptor3}`)) },
    open,
  );

  test('is that of a file of ours, taken by flock, until it is closed', async () => {
    await locks.during(id, () => Promise.resolve(void held.push('act')));
    expect(held).toEqual([
      `open /var/lib/sculptor-root/locks/${id}`,
      '/usr/bin/flock --exclusive --timeout=60 --conflict-exit-code=75 3 = 7',
      'act',
      'close',
    ]);
  });

  test('lets one at a time act on a name, in order, and others side by side', async () => {
    const log: string[] = [];
    const act = (name: string, what: string) =>
      locks.during(name, async () => {
        log.push(`${what} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        log.push(`${what} ends`);
      });
    await Promise.all([act('one', '1'), act('one', '2'), act('two', 'other'), act('one', '3')]);
    const ofOne = log.filter((line) => !line.startsWith('other'));
    expect(ofOne).toEqual(['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends']);
    expect(log.indexOf('other begins')).toBeLessThan(log.indexOf('2 begins'));
  });

  test('is let go when what was done under it fails', async () => {
    await expect(locks.during(id, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(locks.during(id, () => Promise.resolve('yes'))).resolves.toBe('yes');
  });

  test('that cannot be had in time is a failure that can be tried again', async () => {
    const busy = createLocks({ hold: ({ file }) => Promise.reject(new CommandError(file, 75, '')) }, open);
    held.length = 0;
    expect(await failureOf(busy.during(id, () => Promise.resolve()))).toBe('executor_unavailable');
    expect(held.at(-1)).toBe('close');
  });

  test.each(['../passwd', 'a/b', '', 'A', 'a b'])('called %j is none', async (name) => {
    await expect(locks.during(name, () => Promise.resolve())).rejects.toThrow('simple name');
  });
});

describe('accounts', () => {
  const files: Record<string, string> = {
    '/etc/passwd': 'root:x:0:0::/root:/bin/bash\nwww:x:990:991::/nonexistent:/usr/sbin/nologin\n',
    '/etc/group': 'root:x:0:\nwww:x:991:\nnginx:x:989:\n',
    '/etc/shadow': 's-locked:!*:1:::::1:\ns-open:!*:1::::::\ns-password:$y$x:1:::::1:\n',
  };
  const read = (path: string) => Promise.resolve(files[path] ?? null);

  test('are read from the system’s own files', async () => {
    const accounts = createAccounts({ files: { read }, commands: fakeCommands() });
    expect(await accounts.find('www')).toEqual({ uid: 990, gid: 991 });
    expect(await accounts.find('ww')).toBeNull();
    expect(await accounts.findGroup('nginx')).toBe(989);
    expect(await Promise.all([990, 989, 66_000].map(accounts.isTaken))).toEqual([true, true, false]);
    expect(await Promise.all(['s-locked', 's-open', 's-password', 's-none'].map(accounts.isLocked))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test('that are asked for together are made by one systemd-sysusers', async () => {
    const commands = fakeCommands();
    const accounts = createAccounts({ files: { read }, commands });
    const ask = (n: number) =>
      accounts.create({ user: `s-${n}`, uid: 66_000 + n, home: `/home/www/${n}.example` });
    await Promise.all([ask(1), ask(2), ask(3)]);
    expect(commands.started.map(said)).toEqual(['/usr/bin/systemd-sysusers -']);
    expect(commands.started[0]?.stdin?.split('\n')).toHaveLength(4);
  });

  test('do what is done for a site as the site, without groups, rights or privileges to come', async () => {
    const commands = fakeCommands();
    const accounts = createAccounts({ files: { read }, commands });
    await accounts.runAs({ uid: 66_000, gid: 66_000 }, { file: '/usr/bin/mkdir', args: ['--', '/x'] });
    expect(commands.started.map(said)).toEqual([
      '/usr/bin/setpriv --reuid=66000 --regid=66000 --clear-groups --no-new-privs --inh-caps=-all,+net_bind_service --ambient-caps=-all,+net_bind_service -- /usr/bin/mkdir -- /x',
    ]);
  });
});

describe('php-fpm', () => {
  test('is installed where its program is', () => {
    const names = [
      'php-fpm8.4',
      'php-fpm8.10',
      'php-fpm',
      'php-fpm7.4',
      'php-fpm8.2~',
      'php-fpm8.4.dpkg-new',
      'php8.1',
    ];
    expect(installedVersions(names)).toEqual(['7.4', '8.4', '8.10']);
  });

  test('is asked as the site’s user, and its no is a refusal whose words stay in the log', async () => {
    const asked: string[] = [];
    const phpFpm = createPhpFpm({
      accounts: {
        runAs: ({ uid }, command) => {
          asked.push(`${uid} ${said(command)}`);
          return Promise.reject(new CommandError(command.file, 78, 'unknown entry'));
        },
      },
    });
    const candidate = { version: '8.2' as never, file: '/f', account: { uid: 66_000, gid: 66_000 } };
    const failure = await phpFpm.check(candidate).catch((error: unknown) => error as FailureError);
    expect(asked).toEqual(['66000 /usr/sbin/php-fpm8.2 --test --fpm-config /f']);
    expect((failure as FailureError).failure.code).toBe('config_refused');
    expect(JSON.stringify((failure as FailureError).failure)).not.toContain('unknown entry');
    expect(JSON.stringify(causeOf(failure))).toContain('unknown entry');
  });
});

describe('units', () => {
  function units(states: Record<string, string> = {}, texts: Record<string, string> = {}) {
    const links = new Map<string, string>();
    const commands = fakeCommands(({ args }) =>
      args
        .filter((unit) => unit.includes('@'))
        .map((unit) => `${states[unit] ?? 'inactive'}\n`)
        .join('\n'),
    );
    const masters = createUnitMasters({
      commands,
      files: {
        read: (path) => Promise.resolve(texts[path] ?? null),
        readLink: (path) => Promise.resolve(links.get(path) ?? null),
        link: (path, target) => {
          links.set(path, target);
          return Promise.resolve(() => Promise.resolve());
        },
        remove: (path) => {
          links.delete(path);
          return Promise.resolve(() => Promise.resolve());
        },
      },
    });
    const changes = () => commands.started.map(said).filter((line) => !line.includes(' show '));
    return { masters, links, changes };
  }
  const site = { id, user: `s-${id}`, isolation: 'site', share: { memoryBytes: null, tasks: null } } as const;
  const pool = { id, user: 'www', isolation: 'pool', share: { memoryBytes: null, tasks: null } } as const;
  const none = { memoryBytes: null, tasks: null };
  const wants = '/etc/systemd/system/sockets.target.wants';

  test('a share is read where systemd noted it, and what no plan names is what every site has', async () => {
    const noted = `/etc/systemd/system.control/sculptor-${id}.slice.d/50-MemoryMax.conf`;
    expect(await units().masters.readShare(site, none)).toEqual(none);
    const of = (text: string) => units({}, { [noted]: text }).masters.readShare(site, none);
    expect(await of('[Slice]\nMemoryMax=134217728\n')).toEqual({ ...none, memoryBytes: 134_217_728 });
    expect(await of('[Slice]\nMemoryMax=1073741824\n')).toEqual(none);
    const { masters, changes } = units();
    await masters.setShare(site, { memoryBytes: 134_217_728, tasks: 592 });
    await masters.setShare(site, none);
    const set = `/usr/bin/systemctl --no-ask-password set-property -- sculptor-${id}.slice`;
    expect(changes()).toEqual([
      `${set} MemoryMax=134217728 MemorySwapMax=0 TasksMax=592`,
      `${set} MemoryMax=1073741824 MemorySwapMax=268435456 TasksMax=512`,
    ]);
  });

  test.each([
    ['sculptor-php', site],
    ['sculptor-php-pool', pool],
  ])('of %s are started by their socket, now and at boot, without a daemon-reload', async (unit, who) => {
    const { masters, links, changes } = units();
    await masters.turnOn(who);
    expect([...links]).toEqual([[`${wants}/${unit}@${id}.socket`, `/etc/systemd/system/${unit}@.socket`]]);
    expect(changes()).toEqual([`/usr/bin/systemctl --no-ask-password start -- ${unit}@${id}.socket`]);
  });

  test('that failed too often are forgiven before they start again', async () => {
    const { masters, changes } = units({ [`sculptor-php@${id}.service`]: 'failed' });
    await masters.turnOn(site);
    expect(changes()[0]).toContain(`reset-failed -- sculptor-php@${id}.service`);
  });

  test('are off when nothing of them runs or would at boot', async () => {
    const { masters, links, changes } = units();
    await masters.turnOn(site);
    expect(await masters.lookOff(site)).toBe('the socket is wanted at boot');
    await masters.turnOff(site);
    expect([...links]).toEqual([]);
    expect(changes().at(-1)).toContain(
      `stop -- sculptor-php@${id}.socket sculptor-php@${id}.service sculptor-php-next@${id}.service`,
    );
    expect(await masters.lookOff(site)).toBeNull();
    const running = units({ [`sculptor-php@${id}.service`]: 'active' });
    expect(await running.masters.lookOff(site)).toBe('php-fpm runs');
  });

  test('a sleeping master is left asleep, and what stood in for it does so no longer', async () => {
    const asleep = units();
    await asleep.masters.refresh(site);
    expect(asleep.changes()).toEqual([]);
    const left = units({ [`sculptor-php-next@${id}.service`]: 'active' });
    await left.masters.refresh(site);
    expect(left.changes()).toEqual([
      `/usr/bin/systemctl --no-ask-password stop -- sculptor-php-next@${id}.service`,
    ]);
  });

  test('one at work starts anew while another stands in for it', async () => {
    const { masters, changes } = units({ [`sculptor-php@${id}.service`]: 'active' });
    await masters.refresh(site);
    expect(changes().map((line) => line.replace('/usr/bin/systemctl --no-ask-password ', ''))).toEqual([
      `restart -- sculptor-php-next@${id}.service`,
      `restart -- sculptor-php@${id}.service`,
      `stop -- sculptor-php-next@${id}.service`,
    ]);
  });
});

test('what is logged is printable ASCII, whatever a program said', () => {
  const text = asciiJson({ stderr: '\u001b[2J\u202ecafé\n\u2028\u007f😀' });
  expect(text).toMatch(/^[ -~]*$/);
  expect(JSON.parse(text)).toEqual({ stderr: '\u001b[2J\u202ecafé\n\u2028\u007f😀' });
});

describe('a job that systemd does not take', () => {
  const refusal = new CommandError('/usr/bin/systemctl', 4, 'its transaction is destructive');
  const later = { failure: { code: 'executor_unavailable' } };

  test('is tried again when the server is up, also where it was taken for a bad configuration', () => {
    expect(namedWhereShuttingDown(refusal)).toMatchObject(later);
    const taken = new FailureError('config_refused', 'php-fpm does not start', 'look why');
    taken.cause = refusal;
    expect(namedWhereShuttingDown(taken)).toMatchObject(later);
  });

  test('is no other failure', () => {
    for (const other of [new CommandError('/usr/bin/systemctl', 1, ''), new CommandError('/bin/x', 4, '')])
      expect(namedWhereShuttingDown(other)).toBe(other);
  });

  test('keeps what became of it', () => {
    expect(namedWhereShuttingDown(refusal)).toMatchObject({ cause: refusal });
  });
});
