import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { DomainId } from '../../contract/ids.ts';
import { Run } from '../../contract/site-parts.ts';
import { accepted, api, createDomain, ended, ready, succeeded, unique } from './agent.ts';
import { must, run } from './server.ts';

/* One command as a site, by the API and by sculptorctl. */

let site: { readonly id: DomainId; readonly name: string };
const runs = () => `/v1/domains/${site.name}/runs`;

beforeAll(ready);
beforeAll(async () => {
  site = await createDomain({ name: `${unique('runs')}.example` });
  const artisan = `<?php fwrite(STDERR, "to stderr\\n"); echo implode('|', array_slice($argv, 1)), "\\n", getcwd(), "\\n"; exit((int) getenv('CODE'));`;
  must('runuser', ['-u', `s-${site.id}`, '--', 'tee', `/home/www/${site.name}/private/artisan`], artisan);
});

async function begin(command: readonly string[], more: object = {}) {
  const answer = await accepted('POST', runs(), { body: { command, ...more } });
  return { answer, id: Run.parse(answer.json['run']).id };
}

const read = async (id: string) => Run.parse((await api('GET', `${runs()}/${id}`)).json);

async function whole(command: readonly string[], more: object = {}): Promise<Run> {
  const { answer, id } = await begin(command, more);
  await succeeded(answer);
  return read(id);
}

async function untilRunning(id: string): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    if (run('systemctl', ['is-active', '--quiet', `sculptor-part-${id}-0.scope`]).code === 0) return;
    await pause(100);
  }
  throw new Error('it does not run');
}

test('a command runs as the site, in its folder, and what it says is kept', async () => {
  const ran = await whole(['php', 'artisan', 'migrate', '--force', '$HOME; id'], {
    workingDirectory: 'private',
    environment: { CODE: '7' },
  });
  expect(ran).toMatchObject({
    status: 'ended',
    result: { exitCode: 7, endedBy: 'itself', truncated: false },
  });
  expect(ran.result?.output).toBe(`to stderr\nmigrate|--force|$HOME; id\n/home/www/${site.name}/private\n`);
  expect((await whole(['id', '-un'])).result?.output).toBe(`s-${site.id}\n`);
  expect(existsSync(`/etc/sculptor/programs/${ran.id}`)).toBe(false);
});

test('sculptorctl shows what it says, and ends as it ended', () => {
  const typed = [
    'domain',
    'run',
    site.name,
    '--directory',
    'private',
    '--env',
    'CODE=5',
    '--',
    'php',
    'artisan',
    '-v',
  ];
  const ran = run('sculptorctl', typed);
  expect(ran).toMatchObject({ code: 5, out: `to stderr\n-v\n/home/www/${site.name}/private\n` });
  const harmless = run('sculptorctl', ['domain', 'run', site.name, '--', 'printf', '\\033]0;x\\007\\377']);
  expect(harmless).toMatchObject({ code: 0, out: '\\u001b]0;x\\u0007\ufffd\n' });
  expect(run('sculptorctl', ['domain', 'run', site.name, '--', 'nothing-here']).code).toBe(127);
});

test('of much that it says the end is kept', async () => {
  const { result } = await whole(['sh', '-c', 'head -c 200000 /dev/zero | tr "\\0" x; echo end']);
  expect(result?.truncated).toBe(true);
  expect(result?.output).toMatch(/^x{65532}end\n$/);
});

test('its time is a bound for all that it has started', async () => {
  const { result } = await whole(['sh', '-c', 'setsid sleep 77 & sleep 77'], { timeoutSeconds: 1 });
  expect(result).toMatchObject({ endedBy: 'time_limit' });
  expect(run('pgrep', ['-f', 'sleep 77']).code).toBe(1);
});

test('one that runs can be stopped, and holds its domain up in nothing', async () => {
  const { answer, id } = await begin(['sleep', '200']);
  await untilRunning(id);
  await succeeded(await accepted('PATCH', `/v1/domains/${site.name}`, { body: { aliases: [] } }));
  await accepted('POST', `${runs()}/${id}/stop`);
  await succeeded(answer);
  expect((await read(id)).result).toMatchObject({ endedBy: 'stop' });
  expect(run('pgrep', ['-u', `s-${site.id}`, 'sleep']).code).toBe(1);
});

test('an executor and a worker that are started anew find it, and do not begin it again', async () => {
  const mark = `/home/www/${site.name}/private/times`;
  const { answer, id } = await begin(['sh', '-c', 'echo once >>private/times; sleep 6; echo done']);
  await untilRunning(id);
  must('systemctl', ['kill', '--signal=KILL', 'sculptor-executor.service']);
  must('systemctl', ['kill', '--signal=KILL', 'sculptor-worker-privileged.service']);
  await succeeded(answer);
  expect((await read(id)).result).toMatchObject({ exitCode: 0, output: 'done\n' });
  expect(readFileSync(mark, 'utf8')).toBe('once\n');
});

test('one of which nobody can say how it ended has failed, is ended, and is not begun again', async () => {
  const mark = `/home/www/${site.name}/private/broken`;
  const { answer, id } = await begin(['sh', '-c', 'echo once >>private/broken; sleep 101']);
  await untilRunning(id);
  while (!existsSync(mark)) await pause(50);
  must('systemctl', ['kill', '--kill-whom=all', '--signal=KILL', `sculptor-run@${id}.service`]);
  const operation = await ended(answer);
  expect(operation.error?.code).toBe('broken_off');
  expect(run('pgrep', ['-u', `s-${site.id}`, '-f', 'sleep 101']).code).toBe(1);
  expect((await read(id)).status).toBe('failed');
  expect(readFileSync(mark, 'utf8')).toBe('once\n');
});

test('a removed site ends them', async () => {
  const other = await createDomain({ name: `${unique('removed')}.example` });
  const answer = await accepted('POST', `/v1/domains/${other.name}/runs`, {
    body: { command: ['sleep', '300'] },
  });
  await untilRunning(Run.parse(answer.json['run']).id);
  await succeeded(await accepted('DELETE', `/v1/domains/${other.name}`));
  expect(run('pgrep', ['-u', `s-${other.id}`]).code).toBe(1);
  await ended(answer);
});
