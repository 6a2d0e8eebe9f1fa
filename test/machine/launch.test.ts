import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { DomainId, PartId } from '../../contract/ids.ts';
import { renderLaunch, type Launch } from '../../worker-privileged/executor/render/launch.ts';
import { CONTROLS, NGINX, SHELL, SUPERVISOR } from '../attack/hostile.ts';
import { createDomain, ready, unique } from './agent.ts';
import { must, run } from './server.ts';

/* What /usr/lib/sculptor/launch becomes: the words as they were given, as the site's user, bounded and apart. */

const PROGRAMS = '/etc/sculptor/programs';
let site: { readonly id: DomainId; readonly name: string };
let uid: number;
const parts: string[] = [];

beforeAll(ready);
beforeAll(async () => {
  site = await createDomain({ name: `${unique('launch')}.example` });
  uid = Number(must('id', ['-u', `s-${site.id}`]));
});
afterAll(() => {
  for (const part of parts) {
    rmSync(`${PROGRAMS}/${part}`);
    rmSync(`/var/log/sculptor/programs/${part}`, { recursive: true, force: true });
  }
});

type Asked = Partial<Pick<Launch, 'environment' | 'workingDirectory' | 'limits'>>;

/** Writes the file of a program and starts it; gives what it said, once it has ended. */
async function launch(words: readonly string[], asked: Asked = {}): Promise<string> {
  const part = `p${randomBytes(6).toString('hex').slice(0, 11)}` as PartId;
  parts.push(part);
  const file = renderLaunch('systemd', {
    part,
    site: site.id,
    account: { uid, gid: uid, user: `s-${site.id}` },
    home: `/home/www/${site.name}`,
    workingDirectory: '',
    words: words as Launch['words'],
    environment: {},
    limits: { memoryMb: null, cpuPercent: null },
    share: { memoryBytes: null, tasks: null },
    ...asked,
  });
  writeFileSync(`${PROGRAMS}/${part}`, file, { mode: 0o600 });
  run('/usr/lib/sculptor/launch', [part]);
  const output = `/var/log/sculptor/programs/${part}/0/now`;
  const said = () => (existsSync(output) ? readFileSync(output, 'utf8') : '');
  // What keeps it ends a moment after the program.
  for (let before = said(), round = 0; round < 20; round += 1) {
    await pause(50);
    if (said() !== before) [before, round] = [said(), 0];
  }
  return said();
}

const asJson = ['node', '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--'];
const node = '/usr/lib/sculptor/node/bin/node';

test('every hostile word arrives as it is, and means nothing to anybody on the way', async () => {
  const words = [
    ...SHELL,
    ...NGINX,
    ...SUPERVISOR,
    ...CONTROLS,
    '',
    ' ',
    '@',
    '$HOME',
    '${HOME}',
    '$$',
    '%n',
    '%%',
  ];
  const whole = words.filter((word) => !word.includes('\0') && !/\p{Cs}/u.test(word));
  const said = await launch([node, ...asJson.slice(1), ...whole]);
  expect(JSON.parse(said)).toEqual(whole);
});

test('its environment is what was asked for and what the server says, and nothing else', async () => {
  const said = await launch(['env'], { environment: { GREETING: 'a $HOME of 100% `id`' } });
  const home = `/home/www/${site.name}`;
  expect(said.trim().split('\n').sort()).toEqual(
    [
      `PATH=/etc/sculptor/sites/${site.id}/bin:/usr/local/bin:/usr/bin:/bin`,
      ...[`HOME=${home}`, `TMPDIR=${home}/tmp`, 'LANG=C.UTF-8', 'SHELL=/usr/sbin/nologin'],
      ...[`USER=s-${site.id}`, `LOGNAME=s-${site.id}`, 'GREETING=a $HOME of 100% `id`'],
    ].sort(),
  );
});

test('it is the site’s user and nothing more, in the site’s slice', async () => {
  const said = await launch([
    'sh',
    '-c',
    'id; cat /proc/self/status /proc/self/cgroup /proc/self/oom_score_adj',
  ]);
  expect(said).toMatch(
    new RegExp(`^uid=${uid}\\(s-${site.id}\\) gid=${uid}\\(s-${site.id}\\) groups=${uid}\\(`),
  );
  for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'])
    expect(said).toMatch(new RegExp(`^Cap${set}:\\s+0+$`, 'm'));
  expect(said).toMatch(/^NoNewPrivs:\s+1$/m);
  expect(said).toContain(
    `/sculptor.slice/sculptor-${site.id}.slice/sculptor-part-${parts.at(-1) ?? ''}-0.scope`,
  );
  expect(said).toMatch(/^500$/m);
});

test('its folders for passing things are the site’s own, and the bus is not there', async () => {
  const said = await launch([
    ...['sh', '-c'],
    'echo x >/tmp/seen; echo y >/var/tmp/seen2; ls /dev/shm | wc -l; busctl list; busctl status; echo z >/dev/stdout; touch /etc/x',
  ]);
  expect(readFileSync(`/home/www/${site.name}/tmp/seen`, 'utf8')).toBe('x\n');
  expect(existsSync('/tmp/seen')).toBe(false);
  expect(existsSync('/var/tmp/seen2')).toBe(false);
  expect(said).toMatch(/^0$/m);
  expect(said).toMatch(/^z$/m);
  expect(said.match(/Failed to connect to bus|Failed to set address|refused/g)?.length).toBeGreaterThan(0);
});

test('php is the site’s version, its folder is entered as the site', async () => {
  expect(
    await launch(['php', '-r', 'echo PHP_SAPI, " ", exec("id -un"), " ", getcwd(), " ", PHP_BINARY;']),
  ).toMatch(new RegExp(`^cli s-${site.id} /home/www/${site.name} /usr/bin/php[0-9.]+$`));
  expect(await launch(['pwd'], { workingDirectory: 'private' })).toBe(`/home/www/${site.name}/private\n`);
  const link = `/home/www/${site.name}/private/link`;
  symlinkSync('/var/lib/sculptor-root', link);
  expect(await launch(['pwd'], { workingDirectory: 'private/link' })).toMatch(/Permission denied/);
  rmSync(link);
});

test.each(['', '../x', 'p1b2c3d4e5f', 'P1b2c3d4e5f6', 'p1b2c3d4e5f6\n', 'nothing11111'])(
  'launch refuses %j',
  (part) => {
    expect(run('/usr/lib/sculptor/launch', [part]).code).not.toBe(0);
  },
);

test('nobody but root reads what programs are, or have said', () => {
  for (const folder of [PROGRAMS, '/var/log/sculptor/programs'])
    expect(run('runuser', ['-u', `s-${site.id}`, '--', 'ls', folder]).code).not.toBe(0);
});
