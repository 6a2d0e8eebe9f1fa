import { existsSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Cron } from '../../contract/site-parts.ts';
import type { DomainId } from '../../contract/ids.ts';
import { accepted, api, createDomain, ready, succeeded, unique, updateDomain } from './agent.ts';
import { must, run } from './server.ts';

/* Crons of a site, started by the server's own cron. */

let site: { readonly id: DomainId; readonly name: string };
const crons = () => `/v1/domains/${site.name}/crons`;

beforeAll(ready);
beforeAll(async () => {
  site = await createDomain({ name: `${unique('crons')}.example` });
});

async function create(name: string, command: readonly string[], more: object = {}): Promise<Cron> {
  const body = { name, schedule: '@yearly', command, ...more };
  await succeeded(await accepted('POST', crons(), { body }));
  return read(name);
}

const read = async (name: string) => Cron.parse((await api('GET', `${crons()}/${name}`)).json);

/** Once it is so; fails after a minute and a half. */
async function until(name: string, isSo: (cron: Cron) => boolean): Promise<Cron> {
  const deadline = Date.now() + 90_000;
  for (;;) {
    const cron = await read(name);
    if (isSo(cron)) return cron;
    if (Date.now() > deadline) throw new Error(`it did not come to that: ${JSON.stringify(cron)}`);
    await pause(300);
  }
}

const launch = (id: string) => run('/usr/lib/sculptor/launch-once', [id]);
const folder = (id: string) => `/var/lib/sculptor-root/once/${id}`;
const lastOf = (id: string) =>
  readFileSync(`${folder(id)}/last`, 'utf8')
    .trim()
    .split(' ');

test('cron starts it each minute as the site’s user, with its words as they are', async () => {
  const words = [
    'sh',
    '-c',
    'id -un; printf "%s\\n" "$@"; exit 3',
    'x',
    '%',
    '$HOME',
    '`id`',
    '',
    '* * * * *',
    'ü',
  ];
  const made = await create('each-minute', words, { schedule: '* * * * *' });
  expect(made).toMatchObject({ inWords: 'every minute', status: 'live' });
  expect(made.next).toHaveLength(3);
  const table = `/etc/cron.d/sculptor-${made.id}`;
  expect(readFileSync(table, 'utf8').split('\n').slice(-2)).toEqual([
    `* * * * * root /usr/lib/sculptor/launch-once ${made.id}`,
    '',
  ]);
  expect(statSync(table)).toMatchObject({ uid: 0, gid: 0, mode: 0o100600 });
  const ran = await until('each-minute', ({ report }) => (report?.failures ?? 0) > 0);
  expect(ran.report).toMatchObject({ last: { exitCode: 3, endedBy: 'itself' }, running: false });
  expect(ran.output?.split('\n')).toEqual(
    expect.arrayContaining([`s-${site.id}`, '%', '$HOME', '`id`', 'ü']),
  );
  const told = (await api('GET', '/v1/notifications')).json['items'];
  expect(told).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: 'program_failed', message: 'The cron each-minute ended with 3.' }),
    ]),
  );
  await succeeded(await accepted('PATCH', `${crons()}/each-minute`, { body: { schedule: '@yearly' } }));
  expect(readFileSync(table, 'utf8')).toContain('\n0 0 1 1 * root ');
}, 200_000);

test('it is not started while it still runs, but where that is asked for', async () => {
  const { id } = await create('slow', ['sleep', '3']);
  run('sh', [
    '-c',
    `/usr/lib/sculptor/launch-once ${id} & sleep 1; /usr/lib/sculptor/launch-once ${id}; wait`,
  ]);
  expect(existsSync(`${folder(id)}/skipped`)).toBe(true);
  expect((await until('slow', ({ report }) => typeof report?.skippedAt === 'string')).report?.failures).toBe(
    0,
  );
  await succeeded(await accepted('PATCH', `${crons()}/slow`, { body: { overlap: true } }));
  const skipped = readFileSync(`${folder(id)}/skipped`, 'utf8');
  run('sh', [
    '-c',
    `/usr/lib/sculptor/launch-once ${id} & sleep 1; /usr/lib/sculptor/launch-once ${id}; wait`,
  ]);
  expect(readFileSync(`${folder(id)}/skipped`, 'utf8')).toBe(skipped);
});

test('when its time is over it is ended, with all that it has started', async () => {
  const script = 'trap "" TERM; setsid sh -c "trap \\"\\" TERM; sleep 60" & sleep 60';
  const { id } = await create('too-long', ['sh', '-c', script], { timeoutSeconds: 2 });
  launch(id);
  expect(lastOf(id)[3]).toBe('time_limit');
  expect(run('pgrep', ['-u', `s-${site.id}`, 'sleep']).code).toBe(1);
});

test('one that eats memory is ended within its site’s share, and the server goes on', async () => {
  const hog = 'ini_set("memory_limit", -1); $a = []; while (true) $a[] = str_repeat("x", 1 << 20);';
  const { id } = await create('hog', ['php', '-r', hog]);
  launch(id);
  expect(lastOf(id)[2]).toBe('137');
});

test('it is started beside its times, one at a time, and as often as somebody asks', async () => {
  const { id } = await create('now', ['sh', '-c', 'echo now; sleep 2; exit 5']);
  const runNow = async () => {
    const answer = await accepted('POST', `${crons()}/now/run`);
    await succeeded(answer);
    const { id: operation } = answer.json['operation'] as { id: string };
    const { steps } = (await api('GET', `/v1/operations/${operation}`)).json as { steps: { name: string }[] };
    return steps.at(-1)?.name;
  };
  expect(await runNow()).toBe('start it now');
  expect(await runNow()).toBe('start none beside the one that runs');
  const ran = await until('now', ({ report }) => report?.last?.exitCode === 5);
  expect([ran.status, ran.report?.failures, ran.output]).toEqual(['live', 1, 'now\n']);
  // Quick ones in a row, each of which systemd would refuse after the fifth.
  await succeeded(await accepted('PATCH', `${crons()}/now`, { body: { command: ['sh', '-c', 'echo x'] } }));
  const folderNow = `/var/log/sculptor/programs/${id}`;
  for (let time = 0; time < 7; time += 1) {
    expect(await runNow()).toBe('start it now');
    while (run('pgrep', ['-f', `launch-once ${id}`]).code === 0) await pause(50);
  }
  expect(must('sh', ['-c', `cat ${folderNow}/0/before ${folderNow}/0/now 2>/dev/null || true`])).toMatch(
    /(x\n){7}$/,
  );
  expect(run('sculptorctl', ['cron', 'run', site.name, 'now'])).toMatchObject({ code: 0 });
});

test('what it says is kept to a bound, however much that is', async () => {
  const { id } = await create('talker', ['sh', '-c', 'head -c 3000000 /dev/zero | tr "\\0" x']);
  launch(id);
  const bytes = must('du', ['-sb', `/var/log/sculptor/programs/${id}`]).split('\t')[0];
  expect(Number(bytes)).toBeLessThan(1_000_000);
});

test('a site that is switched off has none, and they come back with it', async () => {
  const { id } = await create('comes-back', ['true']);
  await updateDomain(site.name, { enabled: false });
  expect(existsSync(`/etc/cron.d/sculptor-${id}`)).toBe(false);
  expect(existsSync(`/etc/sculptor/programs/${id}`)).toBe(false);
  await updateDomain(site.name, { enabled: true });
  expect(existsSync(`/etc/cron.d/sculptor-${id}`)).toBe(true);
});

test('what is deleted is ended, and nothing of it is left', async () => {
  const { id } = await create('gone', ['sleep', '300']);
  run('sh', ['-c', `setsid /usr/lib/sculptor/launch-once ${id} >/dev/null 2>&1 & sleep 1`]);
  await succeeded(await accepted('DELETE', `${crons()}/gone`));
  expect(run('pgrep', ['-u', `s-${site.id}`, 'sleep']).code).toBe(1);
  for (const path of [`/etc/cron.d/sculptor-${id}`, folder(id), `/var/log/sculptor/programs/${id}`])
    expect(existsSync(path)).toBe(false);
});

test('the words of the documents say the same', () => {
  const shown = must('sculptorctl', ['cron', 'list', site.name]);
  expect(shown).toMatch(/^slow +at 00:00 on the 1st of the month in January +\d{4}-01-01T/m);
});

test.each([
  ['schedule', '* * * * *\n* * * * * root id'],
  ['schedule', '@reboot'],
  ['schedule', '0 0 31 2 *'],
  ['schedule', '% * * * *'],
  ['schedule', 'MAILTO=x'],
  ['name', 'a.b'],
  ['name', 'a\nb'],
  ['command', []],
  ['command', ['a\nb']],
  ['command', ['-x']],
  ['command', 'id'],
  ['workingDirectory', '../x'],
  ['environment', { LD_PRELOAD: 'x' }],
])('%s %j is refused with its field', async (field, value) => {
  const body = { name: 'refused', schedule: '@daily', command: ['true'], [field]: value };
  const refused = await api('POST', crons(), { body });
  expect(refused.status).toBe(422);
  expect(JSON.stringify(refused.json['errors'])).toContain(`"field":"${field}`);
});
