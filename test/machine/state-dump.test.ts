import { existsSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { createDomain, ready, unique } from './agent.ts';
import { ask } from './executor-conversation.ts';
import { as, must, rootSql, run, sculptorctl } from './server.ts';

/* The agent's own state, dumped by root each day and when root says so. */

const DUMPS = '/var/lib/sculptor-root/state-dumps';
const dumps = () => readdirSync(DUMPS).filter((name) => /^[0-9]{8}-[0-9]{6}$/.test(name));
const newest = () => `${DUMPS}/${dumps().sort().at(-1) ?? 'none'}`;
const fact = () =>
  JSON.parse(
    rootSql("SELECT value FROM sculptor.server_fact WHERE name = 'stateDump'").trim() || 'null',
  ) as unknown;

beforeAll(ready);

test('the worker has it dumped by itself, and says so in the state', async () => {
  for (let second = 0; second < 150 && fact() === null; second += 1) await pause(1000);
  expect(fact()).toMatchObject({ ok: true, name: expect.stringMatching(/^[0-9]{8}-[0-9]{6}$/) as string });
  expect(readdirSync(newest()).sort()).toEqual(['about.json', 'door.sql.gz', 'state.sql.gz']);
}, 180_000);

test('root makes one at once, which is whole, of now, and has no routine and no view', async () => {
  const { name } = await createDomain({ name: `${unique('dumped')}.example`, type: 'static' });
  const { code, out } = sculptorctl('system', 'dump-state');
  expect([code, out]).toEqual([0, expect.stringMatching(/^[0-9]{8}-[0-9]{6} +[0-9.]+ MiB\n$/)]);
  const text = must('zcat', [`${newest()}/state.sql.gz`]);
  expect(text).toContain(name);
  expect(text.endsWith('\n-- Dump completed\n')).toBe(true);
  const door = must('zcat', [`${newest()}/door.sql.gz`]);
  expect(door).toContain('CREATE TABLE `managed_database`');
  expect(door).not.toMatch(/PROCEDURE|VIEW/);
  expect(sculptorctl('system', 'state-dumps').out.split('\n')[0]).toMatch(
    /version [0-9.]+, [0-9]{4}-[a-z-]+\.sql$/,
  );
});

test('nobody but root reads one, or sees that there is one', () => {
  for (const path of [DUMPS, newest()]) expect(statSync(path)).toMatchObject({ uid: 0, mode: 0o40700 });
  for (const file of readdirSync(newest()))
    expect(statSync(`${newest()}/${file}`)).toMatchObject({ uid: 0, mode: 0o100600 });
  for (const user of ['sculptor', 'www-data', 'nginx']) expect(as(user, 'ls', DUMPS).code).not.toBe(0);
});

test('who has the worker asks for one in a loop, and gets none, reads none and fills nothing', async () => {
  const before = [dumps(), must('du', ['-s', DUMPS])];
  for (let times = 0; times < 20; times += 1)
    expect(await ask('socket', 'state.dump', {})).toMatchObject({
      code: 'succeeded',
      result: { made: false },
    });
  for (const args of [{ name: '../../etc/shadow' }, { schema: 'mysql' }, { path: '/tmp/x' }])
    expect(await ask('socket', 'state.dump', args)).toMatchObject({ code: 'invalid_request' });
  expect([dumps(), must('du', ['-s', DUMPS])]).toEqual(before);
});

test('where the disk has no room none is begun, and those that there are stay', () => {
  must('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=0700', 'none', DUMPS]);
  try {
    const { code, err } = sculptorctl('system', 'dump-state');
    expect([code, err]).toEqual([1, expect.stringContaining('server_full')]);
    expect(readdirSync(DUMPS)).toEqual([]);
  } finally {
    must('umount', [DUMPS]);
  }
});

test('what breaks off leaves no dump that counts, and is gone after the next', () => {
  const before = dumps();
  const mariadbDump = '/usr/bin/mariadb-dump';
  // Ends well, and before its end.
  must('mount', ['--bind', '/usr/bin/true', mariadbDump]);
  try {
    const { code, err } = sculptorctl('system', 'dump-state');
    expect([code, err]).toEqual([1, expect.stringContaining('server_broken')]);
    expect([dumps(), existsSync(`${DUMPS}/.draft`)]).toEqual([before, false]);
  } finally {
    must('umount', [mariadbDump]);
  }
  must('mkdir', ['-m', '700', `${DUMPS}/.draft`]);
  must('touch', [`${DUMPS}/.draft/state.sql.gz`]);
  expect(sculptorctl('system', 'dump-state').code).toBe(0);
  expect(existsSync(`${DUMPS}/.draft`)).toBe(false);
});

test('doctor names one that is not whole, and one that others can read', () => {
  expect(run('sculptorctl', ['doctor']).out).toContain('ok       state dumps');
  must('cp', ['-a', newest(), `${DUMPS}/20260101-000000`]);
  truncateSync(`${DUMPS}/20260101-000000/state.sql.gz`, 100);
  expect(run('sculptorctl', ['doctor']).out).toContain(
    "The dump 20260101-000000 of the agent's state is not whole.",
  );
  must('chmod', ['0750', `${DUMPS}/20260101-000000`]);
  expect(run('sculptorctl', ['doctor']).out).toContain('20260101-000000 can be read by others than root');
  must('rm', ['-r', `${DUMPS}/20260101-000000`]);
});
