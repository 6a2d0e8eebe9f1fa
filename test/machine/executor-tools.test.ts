import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { CommandError, createCommands } from '../../worker-privileged/executor/system/command.ts';
import { sweepDrafts } from '../../worker-privileged/executor/system/drafts.ts';
import { createFiles } from '../../worker-privileged/executor/system/files.ts';
import { createFolders } from '../../worker-privileged/executor/system/folders.ts';
import { createLocks } from '../../worker-privileged/executor/system/locks.ts';
import { draftOf, ForeignPathError } from '../../worker-privileged/executor/system/own-path.ts';
import { run as start } from './server.ts';

const { run, hold } = createCommands();
const files = createFiles();
const folders = createFolders();
let own: string;

beforeEach(() => {
  own = mkdtempSync('/var/lib/executor-tools-');
});
afterEach(() => {
  rmSync(own, { recursive: true });
});

describe('a program', () => {
  test('gets its arguments as they are: no shell looks at them', async () => {
    const args = ['%s\n', '$(id)', '; rm -rf /', '`id`', '*', '', "'"];
    expect(await run({ file: '/usr/bin/printf', args })).toBe(`${args.slice(1).join('\n')}\n`);
  });

  test('gets an environment and a folder of ours, whatever this process has', async () => {
    process.env['EVIL'] = 'yes';
    const environment = await run({ file: '/usr/bin/env', args: [] });
    delete process.env['EVIL'];
    expect(environment.split('\n').sort()).toEqual([
      '',
      'LANG=C.UTF-8',
      'LC_ALL=C.UTF-8',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    ]);
    expect(await run({ file: '/usr/bin/pwd', args: [] })).toBe('/\n');
  });

  test('gets secrets on its standard input', async () => {
    expect(await run({ file: '/usr/bin/cat', args: [], stdin: 'secret' })).toBe('secret');
  });

  test('that reads nothing of a long input does no harm', async () => {
    const stdin = 'x'.repeat(1_000_000);
    for (let time = 0; time < 30; time += 1) await run({ file: '/usr/bin/true', args: [], stdin });
  });

  test('that ends badly is an error with its code and the end of its words', async () => {
    const failing = run({
      file: '/bin/sh',
      args: ['-c', 'yes words | head -c 100000 >&2; echo last >&2; exit 7'],
    });
    const error = await failing.catch((cause: unknown) => cause as CommandError);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ file: '/bin/sh', exitCode: 7 });
    expect((error as CommandError).stderr).toMatch(/^.{1,4096}$/s);
    expect((error as CommandError).stderr).toMatch(/last\n$/);
  });

  test.each([run, hold])('that is not there is an error', async (how) => {
    await expect(how({ file: '/no/such/program', args: [], descriptor3: 0 })).rejects.toThrow(CommandError);
  });

  test('that takes too long is ended with all that it started', async () => {
    const marker = '86399.25';
    const slow = run({ file: '/bin/sh', args: ['-c', `sleep ${marker} & sleep ${marker}`], timeoutMs: 300 });
    await expect(slow).rejects.toThrow(CommandError);
    expect(start('pgrep', ['--full', `^sleep ${marker}`]).code).toBe(1);
  });

  test('that has ended does not wait for what it left behind with its output open', async () => {
    const left = run({ file: '/bin/sh', args: ['-c', 'sleep 86398.25 &'], timeoutMs: 300 });
    await left.catch(() => undefined);
    expect(start('pgrep', ['--full', '^sleep 86398.25']).code).toBe(1);
  });

  test('that says too much is ended', async () => {
    await expect(run({ file: '/usr/bin/yes', args: [] })).rejects.toThrow(CommandError);
  });
});

describe('a file', () => {
  test('is replaced as a whole, and put back as it was', async () => {
    const path = `${own}/file`;
    writeFileSync(path, 'old', { mode: 0o640 });
    const undo = await files.replace(path, 'new', 0o600);
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['new', 0o600]);
    await undo();
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['old', 0o640]);
    expect(readdirSync(own)).toEqual(['file']);
  });

  test('that was not there is gone again', async () => {
    const undo = await files.replace(`${own}/file`, 'new');
    await undo();
    expect(readdirSync(own)).toEqual([]);
  });

  test.each(['file', 'link'])('a %s that is removed comes back as it was', async (kind) => {
    const path = `${own}/it`;
    if (kind === 'file') writeFileSync(path, 'words', { mode: 0o640 });
    else symlinkSync('../target', path);
    const undo = await files.remove(path);
    expect(readdirSync(own)).toEqual([]);
    await undo();
    const back = kind === 'file' ? readFileSync(path, 'utf8') : readlinkSync(path);
    expect(back).toBe(kind === 'file' ? 'words' : '../target');
  });

  test('is never read or replaced through a link', async () => {
    symlinkSync('/etc/shadow', `${own}/link`);
    await expect(files.read(`${own}/link`)).rejects.toThrow(ForeignPathError);
    await expect(files.replace(`${own}/link`, 'x')).rejects.toThrow(ForeignPathError);
    expect(lstatSync(`${own}/link`).isSymbolicLink()).toBe(true);
  });

  test('that two remove at once is gone for both', async () => {
    for (let time = 0; time < 50; time += 1) {
      await files.replace(`${own}/a`, 'x');
      await Promise.all([files.remove(`${own}/a`), files.remove(`${own}/a`), files.read(`${own}/a`)]);
    }
    expect(readdirSync(own)).toEqual([]);
  });

  test('is not there where its folder is not', async () => {
    expect(await files.read(`${own}/none/file`)).toBeNull();
    expect(await files.readLink(`${own}/none/link`)).toBeNull();
  });
});

describe('what is half written', () => {
  test('goes when its writer was killed, and stays while its writer lives', async () => {
    const dead = start('sh', ['-c', 'echo $$']).out.trim();
    const names = [dead, '1', 'x'].map((pid) => `.draft-${pid}-0123456789abcdef`);
    for (const name of [...names, 'file']) writeFileSync(`${own}/${name}`, 'half');
    symlinkSync('/etc/passwd', `${own}/.draft-${dead}-fedcba9876543210`);
    const mine = draftOf(`${own}/file`);
    writeFileSync(mine, 'half');
    await sweepDrafts([`${own}/nothing`, own]);
    const left = readdirSync(own).map((name) => `${own}/${name}`);
    expect(left.sort()).toEqual(
      [mine, ...names.slice(1).map((name) => `${own}/${name}`), `${own}/file`].sort(),
    );
  });

  test('is not looked for where others than root could change the folder', async () => {
    chmodSync(own, 0o777);
    const dead = start('sh', ['-c', 'echo $$']).out.trim();
    writeFileSync(`${own}/.draft-${dead}-0123456789abcdef`, 'half');
    await expect(sweepDrafts([own])).rejects.toThrow(ForeignPathError);
    expect(readdirSync(own)).toHaveLength(1);
  });
});

describe('a link', () => {
  test('is pointed elsewhere in one move, and back', async () => {
    const undo = await files.link(`${own}/link`, 'a');
    const undoAgain = await files.link(`${own}/link`, 'b');
    expect(readlinkSync(`${own}/link`)).toBe('b');
    await undoAgain();
    expect(readlinkSync(`${own}/link`)).toBe('a');
    await undo();
    expect(readdirSync(own)).toEqual([]);
  });

  test('of many who claim it at once, one gets it', async () => {
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, n) => files.claim(`${own}/name`, `${n}`)),
    );
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
    expect(readlinkSync(`${own}/name`)).toBe(String(claims.findIndex((claim) => claim !== null)));
  });

  test('is not put in the place of a file', async () => {
    writeFileSync(`${own}/file`, 'words');
    await expect(files.link(`${own}/file`, '/etc')).rejects.toThrow(ForeignPathError);
    expect(readFileSync(`${own}/file`, 'utf8')).toBe('words');
  });
});

describe('a folder', () => {
  test('is made with its owner and mode, and taken away again', async () => {
    const undo = await folders.ensure(`${own}/folder`, { uid: 33, gid: 33, mode: 0o2750 });
    expect(await folders.look(`${own}/folder`)).toEqual({ uid: 33, gid: 33, mode: 0o2750 });
    await undo();
    expect(readdirSync(own)).toEqual([]);
  });

  test('that was there gets its owner and mode back', async () => {
    mkdirSync(`${own}/folder`, { mode: 0o711 });
    const undo = await folders.ensure(`${own}/folder`, { uid: 33, gid: 33, mode: 0o700 });
    await undo();
    expect(await folders.look(`${own}/folder`)).toEqual({ uid: 0, gid: 0, mode: 0o711 });
  });

  test('is never changed through a link', async () => {
    symlinkSync('/etc', `${own}/folder`);
    await expect(folders.ensure(`${own}/folder`, { uid: 33, gid: 33, mode: 0o777 })).rejects.toThrow(
      ForeignPathError,
    );
    expect([statSync('/etc').uid, statSync('/etc').mode & 0o777]).toEqual([0, 0o755]);
  });

  test('is moved to where nothing is, not even an empty folder', async () => {
    mkdirSync(`${own}/from`);
    mkdirSync(`${own}/taken`);
    await expect(folders.move(`${own}/from`, `${own}/taken`)).rejects.toThrow(ForeignPathError);
    await folders.move(`${own}/from`, `${own}/free`);
    expect(readdirSync(own).sort()).toEqual(['free', 'taken']);
  });

  test('is removed without a look at where its links lead', async () => {
    mkdirSync(`${own}/folder`);
    mkdirSync(`${own}/outside`);
    writeFileSync(`${own}/outside/file`, 'kept');
    symlinkSync('../outside', `${own}/folder/link`);
    await folders.remove(`${own}/folder`);
    expect(readdirSync(own)).toEqual(['outside']);
    expect(readFileSync(`${own}/outside/file`, 'utf8')).toBe('kept');
  });
});

describe('a path that others than root could change is not used:', () => {
  const ways: readonly [string, (folder: string) => void][] = [
    ['a tenant’s folder', (folder) => chownSync(folder, 33, 33)],
    ['a folder that its group may write', (folder) => chmodSync(folder, 0o775)],
    ['a folder that everybody may write', (folder) => chmodSync(folder, 0o1777)],
    ['a folder below a tenant’s', (folder) => chownSync(`${folder}/..`, 33, 33)],
    [
      'a link in the place of a folder',
      (folder) => {
        rmSync(folder, { recursive: true });
        symlinkSync('/etc', folder);
      },
    ],
  ];

  test.each(ways)('%s', async (_, spoil) => {
    mkdirSync(`${own}/a/b`, { recursive: true });
    spoil(`${own}/a/b`);
    const path = `${own}/a/b/file`;
    const acts = [
      () => files.read(path),
      () => files.replace(path, 'x'),
      () => files.remove(path),
      () => files.readLink(path),
      () => files.link(path, 'x'),
      () => files.claim(path, 'x'),
      () => folders.look(path),
      () => folders.ensure(path, { uid: 0, gid: 0, mode: 0o700 }),
      () => folders.move(path, `${own}/x`),
    ];
    for (const act of acts) await expect(act()).rejects.toThrow(ForeignPathError);
  });
});

describe('a lock', () => {
  const one = createLocks({ hold });
  const other = createLocks({ hold });
  const name = 'executor-tools';

  afterAll(() => rmSync(`/var/lib/sculptor-root/locks/${name}`, { force: true }));

  test('keeps two executors apart', async () => {
    const log: string[] = [];
    const act = (who: string) => async () => {
      log.push(`${who} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      log.push(`${who} ends`);
    };
    await Promise.all(
      [1, 2, 3].flatMap((n) => [one.during(name, act(`one ${n}`)), other.during(name, act(`other ${n}`))]),
    );
    expect(log).toHaveLength(12);
    for (let at = 0; at < log.length; at += 2) {
      expect(log[at + 1]).toBe(log[at]?.replace('begins', 'ends'));
    }
  });

  test('is free when its holder was killed', async () => {
    const path = `/var/lib/sculptor-root/locks/${name}`;
    const script = `const fd = require('fs').openSync('${path}', 'a');
      require('child_process').spawnSync('/usr/bin/flock', ['--exclusive', '3'], { stdio: ['pipe', 'pipe', 'pipe', fd] });
      console.log('held'); setInterval(() => 0, 1000);`;
    const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    expect(start('flock', ['--nonblock', path, 'true']).code).toBe(1);
    holder.kill('SIGKILL');
    await expect(one.during(name, () => Promise.resolve('had'))).resolves.toBe('had');
  });

  test('is free when it was let go, whatever was started meanwhile and still runs', async () => {
    let running: Promise<unknown> = Promise.resolve();
    await one.during(name, () => {
      running = run({ file: '/usr/bin/sleep', args: ['86397.25'] }).catch(() => undefined);
      return Promise.resolve();
    });
    await expect(other.during(name, () => Promise.resolve('had'), 1)).resolves.toBe('had');
    expect(start('pkill', ['--full', '^/usr/bin/sleep 86397.25']).code).toBe(0);
    await running;
  });
});
