import type { PartId } from '../../../contract/ids.ts';
import type { QueueSpec } from '../../../contract/queues.ts';
import { PartName } from '../../../contract/site-parts.ts';
import {
  lookAtPrograms,
  readOutput,
  restartQueue,
} from '../../../worker-privileged/executor/verbs/programs.ts';
import { putPart, removePart } from '../../../worker-privileged/executor/verbs/site-parts.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { restoreSite } from '../../../worker-privileged/executor/verbs/site-trash.ts';
import { createFakeServer, createFakeSystem } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

const id = 'q1q1q1q1q1q1' as PartId;
const SPEC: QueueSpec = {
  command: ['php', 'artisan', 'queue:work'],
  workingDirectory: 'private',
  environment: { APP_ENV: 'production' },
  processes: 2,
  stopSignal: 'TERM',
  stopSeconds: 10,
  startOnBoot: true,
  memoryMb: null,
  cpuPercent: null,
  publicPort: null,
  running: true,
};
const place = (generation = 1) => ({ id, site: ID, generation });
const queue = (generation = 1, change: Partial<QueueSpec> = {}) => ({
  ...place(generation),
  name: PartName.parse('mails'),
  spec: { ...SPEC, ...change },
});

async function withSite(change: Parameters<typeof spec>[0] = {}) {
  const server = createFakeServer();
  const { system } = createFakeSystem(server);
  await putSite(system)(spec(change), recordedRun());
  return { server, system };
}

const letIn = (server: ReturnType<typeof createFakeServer>) => {
  const node = server.disk.get('/var/lib/sculptor-root/let-in.json');
  return node?.kind === 'file' ? (JSON.parse(node.text) as { key: string }[]).map(({ key }) => key) : [];
};

test('a queue is kept from words that end with its own', async () => {
  const { server, system } = await withSite();
  await putPart(system, 'queue')(queue(), recordedRun());
  const program = server.programs.get(id);
  expect(program).toMatchObject({ processes: 2, running: true, startOnBoot: true });
  expect(program?.words).toContain(`--chdir=/home/www/${spec().name}/private\0`);
  expect(program?.words.endsWith('APP_ENV=production\0php\0artisan\0queue:work\0')).toBe(true);
});

test('what runs is counted as letting in, how much of it and whether is not', async () => {
  const { server, system } = await withSite();
  const put = putPart(system, 'queue');
  await put(queue(1), recordedRun());
  await put(queue(2, { running: false }), recordedRun());
  await put(queue(3, { processes: 4, memoryMb: 64 }), recordedRun());
  expect(letIn(server)).toHaveLength(1);
  await put(queue(4, { command: ['sh'] }), recordedRun());
  await put(queue(5, { command: ['sh'], environment: { A: 'b' } }), recordedRun());
  await put(queue(6, { command: ['sh'], environment: { A: 'b' }, workingDirectory: '' }), recordedRun());
  expect(letIn(server)).toHaveLength(4);
});

test('beyond the cap nothing runs that did not', async () => {
  const { server, system } = await withSite();
  server.disk.set('/etc/sculptor/limits.json', { kind: 'file', text: '{"letInPerHour":0}', mode: 0o644 });
  expect(await failureOf(putPart(system, 'queue')(queue(), recordedRun()))).toBe('limit_reached');
  expect(server.programs.size).toBe(0);
});

test('it goes and comes with its site, and stays stopped where it was', async () => {
  const { server, system } = await withSite();
  await putPart(system, 'queue')(queue(1, { running: false }), recordedRun());
  await putSite(system)(spec({ enabled: false, generation: 2 }), recordedRun());
  expect(server.programs.size).toBe(0);
  await putSite(system)(spec({ generation: 3 }), recordedRun());
  expect(server.programs.get(id)).toMatchObject({ running: false });
  await removeSite(system)({ id: ID }, recordedRun());
  expect(server.programs.size).toBe(0);
  await restoreSite(system)(spec({ generation: 4 }), recordedRun());
  expect(server.programs.get(id)).toMatchObject({ running: false });
  await removePart(system, 'queue')(place(2), recordedRun());
  expect(server.programs.size).toBe(0);
});

test('it is started anew where it runs, and only in the version that stands', async () => {
  const { server, system } = await withSite();
  await putPart(system, 'queue')(queue(2), recordedRun());
  expect(await failureOf(restartQueue(system)(place(1), recordedRun()))).toBe('invalid_request');
  await restartQueue(system)(place(2), recordedRun());
  expect(server.doings.filter((doing) => doing.startsWith('restart'))).toEqual([`restart ${id}`]);
  await putPart(system, 'queue')(queue(3, { running: false }), recordedRun());
  await restartQueue(system)(place(3), recordedRun());
  expect(server.doings.filter((doing) => doing.startsWith('restart'))).toHaveLength(1);
  expect(
    await failureOf(restartQueue(system)({ ...place(), id: 'nothing11111' as PartId }, recordedRun())),
  ).toBe('not_found');
});

test('a site of the shared user has none', async () => {
  const { server, system } = await withSite({ isolation: 'pool' });
  expect(await failureOf(putPart(system, 'queue')(queue(), recordedRun()))).toBe('invalid_request');
  expect(server.programs.size).toBe(0);
});

test('what programs say is read of those that are registered', async () => {
  const { system } = await withSite();
  await putPart(system, 'queue')(queue(), recordedRun());
  expect(await lookAtPrograms(system)({}, recordedRun())).toEqual({
    programs: [{ part: id, processes: [], output: '0' }],
  });
  expect(await readOutput(system)({ id, site: ID }, recordedRun())).toEqual({ output: [] });
  expect(await failureOf(readOutput(system)({ id: 'nothing11111' as PartId, site: ID }, recordedRun()))).toBe(
    'not_found',
  );
});
