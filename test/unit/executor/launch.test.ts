import fc from 'fast-check';
import type { DomainId, PartId } from '../../../contract/ids.ts';
import { ProgramWords } from '../../../contract/programs.ts';
import { nicenessOf, renderLaunch, type Launch } from '../../../worker-privileged/executor/render/launch.ts';
import { RenderError } from '../../../worker-privileged/executor/render/plain.ts';

const launch: Launch = {
  part: 'p1b2c3d4e5f6' as PartId,
  site: 'a1b2c3d4e5f6' as DomainId,
  account: { uid: 66_001, gid: 66_001, user: 's-a1b2c3d4e5f6' },
  home: '/home/www/shop.example',
  workingDirectory: 'private/app',
  words: ['php', 'artisan', 'queue:work', '--queue=high, low', '$HOME %n'],
  environment: { APP_ENV: 'production of 100%' },
  limits: { memoryMb: 256, cpuPercent: 50 },
  share: { memoryBytes: null, tasks: null },
};

const wordsOf = (text: string) => text.split('\0').slice(0, -1);

test('under systemd a program is a scope in its site’s slice, with mounts of its own, then the site’s user', () => {
  expect(wordsOf(renderLaunch('systemd', launch))).toEqual([
    ...['/usr/bin/systemd-run', '--quiet', '--scope', '--collect'],
    ...['--unit=sculptor-part-p1b2c3d4e5f6-@.scope', '--slice=sculptor-a1b2c3d4e5f6.slice'],
    '--description=Sculptor Agent: program p1b2c3d4e5f6 of site a1b2c3d4e5f6',
    ...['--property=TimeoutStopSec=5s', '--property=Before=sculptor-supervisor.service'],
    ...['--property=MemoryMax=256M', '--property=MemorySwapMax=0', '--property=CPUQuota=50%'],
    ...['--', '/usr/bin/unshare', '--mount', '--ipc', '--propagation', 'private', '--'],
    '',
    '/home/www/shop.example',
    ...['/usr/bin/prlimit', '--nofile=4096', '--core=0', '--'],
    ...['/usr/bin/setpriv', '--reuid=66001', '--regid=66001', '--clear-groups', '--no-new-privs'],
    ...['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--pdeathsig=KILL', '--'],
    ...['/usr/bin/env', '-i', '--chdir=/home/www/shop.example/private/app'],
    'PATH=/etc/sculptor/sites/a1b2c3d4e5f6/bin:/usr/local/bin:/usr/bin:/bin',
    ...['HOME=/home/www/shop.example', 'TMPDIR=/home/www/shop.example/tmp'],
    ...['USER=s-a1b2c3d4e5f6', 'LOGNAME=s-a1b2c3d4e5f6', 'SHELL=/usr/sbin/nologin', 'LANG=C.UTF-8'],
    'APP_ENV=production of 100%',
    ...['php', 'artisan', 'queue:work', '--queue=high, low', '$HOME %n'],
  ]);
});

describe('without systemd', () => {
  const bounds = (limits: Launch['limits'], share: Launch['share'] = launch.share) => {
    const words = wordsOf(renderLaunch('supervisor', { ...launch, limits, share }));
    return words.slice(0, words.indexOf(''));
  };

  test('its bounds are limits of the process and of the user, and a priority', () => {
    expect(bounds({ memoryMb: 64, cpuPercent: 10 })).toEqual([
      ...['/usr/bin/prlimit', '--data=67108864', '--nproc=512', '--'],
      ...['/usr/bin/nice', '--adjustment=10', '--'],
    ]);
    expect(bounds({ memoryMb: null, cpuPercent: null })).toEqual([
      ...['/usr/bin/prlimit', '--data=1073741824', '--nproc=512', '--'],
    ]);
  });

  test('none of its processes takes more than its tenant’s plan gives a site', () => {
    const share = { memoryBytes: 32 * 1_048_576, tasks: 792 };
    expect(bounds({ memoryMb: 64, cpuPercent: null }, share)).toContain('--data=33554432');
    expect(bounds({ memoryMb: 16, cpuPercent: null }, share)).toContain('--data=16777216');
    expect(bounds({ memoryMb: null, cpuPercent: null }, share)).toContain('--nproc=792');
  });

  test.each([
    [1, 19],
    [10, 10],
    [50, 3],
    [80, 1],
    [100, 0],
    [400, 0],
  ])('%d percent of a processor is a niceness of %d', (percent, niceness) => {
    expect(nicenessOf(percent)).toBe(niceness);
  });

  test('the mark by which it is found stands before any word of a tenant’s', () => {
    const words = wordsOf(renderLaunch('supervisor', { ...launch, environment: { A: 'b' } }));
    expect(words.indexOf('SCULPTOR_PROGRAM=p1b2c3d4e5f6-@')).toBe(words.indexOf('A=b') - 1);
    expect(wordsOf(renderLaunch('systemd', launch)).join(' ')).not.toContain('SCULPTOR_PROGRAM');
  });
});

test('every word is itself to the end, the empty ones too, and no word is more than one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary' })),
      fc.constantFrom('systemd' as const, 'supervisor' as const),
      (more, mode) => {
        const render = () => renderLaunch(mode, { ...launch, words: ['php', ...more] });
        if (more.some((word) => word.includes('\0'))) expect(render).toThrow(RenderError);
        else expect(wordsOf(render()).slice(-1 - more.length)).toEqual(['php', ...more]);
      },
    ),
    { examples: [[['a\0b'], 'systemd']] },
  );
});

test('nothing of a tenant’s comes before the empty word, where systemd-run reads', () => {
  const before = (text: string) => text.slice(0, text.indexOf('\0\0'));
  const other = { ...launch, words: ['other', '@'], environment: { A: '@' }, workingDirectory: 'x' } as const;
  expect(before(renderLaunch('systemd', { ...other, words: [...other.words] }))).toBe(
    before(renderLaunch('systemd', launch)),
  );
});

test.each(['', '-i', '--', 'A=b', '/opt/a=b', '-S id', '--chdir=/'])('%j is no program', (first) => {
  expect(() => renderLaunch('systemd', { ...launch, words: [first] })).toThrow(RenderError);
  expect(ProgramWords.safeParse([first]).success).toBe(false);
});

test.each(['', '1A', 'A B', 'A=B', '-i', 'A\n', 'É', '--unset'])('%j is no variable’s name', (name) => {
  expect(() => renderLaunch('systemd', { ...launch, environment: { [name]: 'x' } })).toThrow(RenderError);
});

test.each(['../etc', 'a/../../b', 'a b', "a'", '%h', '$HOME', 'a\n', 'a\0b'])(
  '%j is no working directory',
  (path) => {
    expect(() => renderLaunch('systemd', { ...launch, workingDirectory: path })).toThrow(RenderError);
  },
);
