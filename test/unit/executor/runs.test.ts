import type { PartId } from '../../../contract/ids.ts';
import { RunSpec } from '../../../contract/runs.ts';
import { PartName } from '../../../contract/site-parts.ts';
import { forgetRun, startRun, stopRun } from '../../../worker-privileged/executor/verbs/run.ts';
import { putPart } from '../../../worker-privileged/executor/verbs/site-parts.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { createFakeServer, createFakeSystem } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

const asked = (id = 'r1r1r1r1r1r1') => ({
  ...{ id: id as PartId, site: ID, generation: 1, name: PartName.parse(id) },
  spec: RunSpec.parse({ command: ['php', 'artisan', 'migrate'] }),
});

async function withSite(change: Parameters<typeof spec>[0] = {}) {
  const server = createFakeServer();
  const { system } = createFakeSystem(server);
  await putSite(system)(spec(change), recordedRun());
  return { server, system };
}

test('a command is run, and what came of it is told; what it was is kept no longer', async () => {
  const { server, system } = await withSite();
  const result = await startRun(system)(asked(), recordedRun());
  expect(result).toMatchObject({ exitCode: 3, endedBy: 'itself', output: 'said\n', truncated: false });
  expect(server.doings).toContain('run r1r1r1r1r1r1');
  expect(server.disk.has('/etc/sculptor/programs/r1r1r1r1r1r1')).toBe(false);
});

test('asked for again it is not run again, and the same is told', async () => {
  const { server, system } = await withSite();
  const first = await startRun(system)(asked(), recordedRun());
  expect(await startRun(system)(asked(), recordedRun())).toEqual(first);
  expect(server.doings.filter((doing) => doing.startsWith('run '))).toHaveLength(1);
  expect(server.disk.has('/etc/sculptor/programs/r1r1r1r1r1r1')).toBe(false);
});

test('of one that ended without a word it is said so, and it is not run again', async () => {
  const { server, system } = await withSite();
  server.breaksOff = true;
  expect(await failureOf(startRun(system)(asked(), recordedRun()))).toBe('broken_off');
  server.breaksOff = false;
  expect(await failureOf(startRun(system)(asked(), recordedRun()))).toBe('broken_off');
  expect(server.doings.filter((doing) => doing.startsWith('run '))).toHaveLength(1);
});

test('what outlived what started it is ended before it is said that it broke off, and when it is stopped', async () => {
  const { server, system } = await withSite();
  server.breaksOff = server.leaves = true;
  expect(await failureOf(startRun(system)(asked(), recordedRun()))).toBe('broken_off');
  expect(server.doings).toContain('stop r1r1r1r1r1r1');
  const again = createFakeSystem(server).system;
  server.doings.length = 0;
  await stopRun(again)(asked(), recordedRun());
  expect(server.doings).toContain('stop r1r1r1r1r1r1');
});

test('one that was asked for before its tenant was suspended is not begun afterwards', async () => {
  const { server, system } = await withSite();
  await putPart(system, 'run')(asked(), recordedRun());
  const tenants = {
    ...system.tenants,
    read: async () => Promise.resolve({ suspendedAt: server.now } as never),
  };
  expect(await failureOf(startRun({ ...system, tenants })(asked(), recordedRun()))).toBe('not_ready');
  expect(server.doings.filter((doing) => doing.startsWith('run '))).toEqual([]);
});

test.each([
  ['that is switched off', { enabled: false }, 'not_ready'],
  ['of the shared user', { isolation: 'pool' }, 'invalid_request'],
])('a site %s runs none', async (_what, change, code) => {
  const { server, system } = await withSite(change);
  expect(await failureOf(startRun(system)(asked(), recordedRun()))).toBe(code);
  expect(server.doings.filter((doing) => doing.startsWith('run '))).toEqual([]);
});

test('nor does one that was removed', async () => {
  const { server, system } = await withSite();
  await removeSite(system)({ id: ID }, recordedRun());
  expect(await failureOf(startRun(system)(asked(), recordedRun()))).toBe('not_ready');
  expect(server.doings.filter((doing) => doing.startsWith('run '))).toEqual([]);
});

test('a site runs four at once and no fifth, and then again', async () => {
  const { system } = await withSite();
  let end = (): void => undefined;
  const gate = new Promise<void>((resolve) => (end = resolve));
  const { run } = system.once;
  const start = startRun({
    ...system,
    once: { ...system.once, run: (id, seconds) => gate.then(() => run(id, seconds)) },
  });
  const four = ['a', 'b', 'c', 'd'].map((letter) => start(asked(letter.repeat(12)), recordedRun()));
  expect(await failureOf(start(asked('e'.repeat(12)), recordedRun()))).toBe('limit_reached');
  end();
  await Promise.all(four);
  expect(await failureOf(start(asked('e'.repeat(12)), recordedRun()))).toBe('none');
});

test('each counts among what lets in', async () => {
  const { server, system } = await withSite();
  server.disk.set('/etc/sculptor/limits.json', { kind: 'file', text: '{"letInPerHour":1}', mode: 0o644 });
  await startRun(system)(asked(), recordedRun());
  expect(await failureOf(startRun(system)(asked('e'.repeat(12)), recordedRun()))).toBe('limit_reached');
});

test('of what is forgotten nothing is known, its id neither', async () => {
  const { server, system } = await withSite();
  await startRun(system)(asked(), recordedRun());
  await forgetRun(system)(asked(), recordedRun());
  expect([...server.disk.keys()].filter((path) => path.includes('r1r1'))).toEqual([]);
});
