import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createUpdateLog, packagesIn } from '../../../worker-privileged/executor/system/update-log.ts';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

const lines = (...said: readonly string[]) => said.map((one) => `2026-11-30 15:20:00 ${one}\n`).join('');
const BEFORE = lines('upgrade old:all 1 2', 'status installed old:all 2');
const UPDATED = lines(
  'startup archives unpack',
  'upgrade nginx:amd64 1.22.1-9 1.22.1-9+deb12u1',
  'status half-installed nginx:amd64 1.22.1-9',
  'status unpacked nginx:amd64 1.22.1-9+deb12u1',
  'configure nginx:amd64 1.22.1-9+deb12u1 <none>',
  'status installed nginx:amd64 1.22.1-9+deb12u1',
);
const NGINX = { name: 'nginx', from: '1.22.1-9', to: '1.22.1-9+deb12u1', whole: true };

/** The hook has noted so much of the log as told already. */
function build(from: number | null = BEFORE.length) {
  const folder = mkdtempSync(join(tmpdir(), 'update-log-'));
  folders.push(folder);
  const parts = {
    ...{ log: `${folder}/dpkg.log`, from: `${folder}/from` },
    ...{ renewed: `${folder}/renewed`, reboot: `${folder}/reboot` },
  };
  writeFileSync(parts.log, BEFORE + UPDATED);
  if (from !== null) writeFileSync(parts.from, `${from}\n`);
  return { ...parts, updateLog: createUpdateLog(parts) };
}

test('what was replaced is told from where the hook was called first, with what was started anew', async () => {
  const { updateLog } = build();
  await updateLog.noteRenewed(['sculptor-api.service']);
  await updateLog.noteRenewed([]);
  await updateLog.noteRenewed(['d00000000001']);
  await updateLog.noteRenewed(['d00000000001']);
  expect(await updateLog.report()).toEqual({
    upTo: BEFORE.length + UPDATED.length,
    ...{ packages: [NGINX], more: 0 },
    ...{ services: ['sculptor-api.service'], sites: 1, reboot: null },
  });
});

test('what is started anew again and again is noted once', async () => {
  const { updateLog, renewed } = build();
  for (let times = 0; times < 3; times += 1) await updateLog.noteRenewed(['d00000000001', 'd00000000002']);
  expect(readFileSync(renewed, 'utf8')).toBe('d00000000001\nd00000000002\n');
});

test('where no hook was called there is nothing to tell', async () => {
  expect(await build(null).updateLog.report()).toBeNull();
});

test('of a log that was begun anew since all is told', async () => {
  const { updateLog } = build(1_000_000);
  expect((await updateLog.report())?.packages.map(({ name }) => name)).toEqual(['old', 'nginx']);
});

test('what was told is not told again, and what was replaced meanwhile is', async () => {
  const { updateLog, log, from, renewed } = build();
  await updateLog.noteRenewed(['d00000000001']);
  const first = await updateLog.report();
  appendFileSync(log, lines('upgrade curl:amd64 7 8', 'status installed curl:amd64 8'));
  await updateLog.told(first!.upTo);
  expect(existsSync(renewed)).toBe(false);
  const second = await updateLog.report();
  expect(second?.packages.map(({ name }) => name)).toEqual(['curl']);
  await updateLog.told(second!.upTo);
  expect(existsSync(from)).toBe(false);
  expect(readFileSync(log, 'utf8')).toContain('curl');
});

test('for what the server has to be started anew, and that nobody says why', async () => {
  const { updateLog, reboot } = build();
  writeFileSync(reboot, '*** System restart required ***\n');
  expect((await updateLog.report())?.reboot).toEqual([]);
  writeFileSync(`${reboot}.pkgs`, 'linux-image-6.1.0-28-amd64\nlibc6\nlibc6\n<script>\n');
  expect((await updateLog.report())?.reboot).toEqual(['linux-image-6.1.0-28-amd64', 'libc6']);
});

test.each([
  ['made', ['install a:all <none> 1', 'status installed a:all 1'], [null, '1', true]],
  ['removed', ['remove a:all 1 <none>', 'status config-files a:all 1'], ['1', null, true]],
  [
    'replaced twice',
    ['upgrade a:all 1 2', 'upgrade a:all 2 3', 'status installed a:all 3'],
    ['1', '3', true],
  ],
  ['left half-way', ['upgrade a:all 1 2', 'status half-configured a:all 2'], ['1', '2', false]],
])('a package that was %s', (_what, said, [from, to, whole]) => {
  expect(packagesIn(lines(...said))).toEqual([{ name: 'a', from, to, whole }]);
});

test.each([
  ['put there again as it was', ['upgrade a:all 1 1', 'status installed a:all 1']],
  ['configured alone', ['configure a:all 1 <none>', 'status installed a:all 1']],
  ['of a name that is none', ['upgrade A;rm:all 1 2']],
  ['of a version that is none', ['upgrade a:all 1 2\u001b[2J']],
  ['in a line that goes on', ['upgrade a:all 1 2 3']],
])('nothing is told of one that was %s', (_what, said) => {
  expect(packagesIn(lines(...said))).toEqual([]);
});
