import { CronSpec } from '../../../contract/crons.ts';
import type { PartId } from '../../../contract/ids.ts';
import { PartName } from '../../../contract/site-parts.ts';
import { renderCronTable } from '../../../worker-privileged/executor/render/cron-table.ts';
import { parseLast } from '../../../worker-privileged/executor/system/once.ts';
import { runCron } from '../../../worker-privileged/executor/verbs/crons.ts';
import { putPart, removePart } from '../../../worker-privileged/executor/verbs/site-parts.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { purgeSite, restoreSite } from '../../../worker-privileged/executor/verbs/site-trash.ts';
import { createFakeServer, createFakeSystem, stateOf, type FakeServer } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

const CRON = 'c1c1c1c1c1c1' as PartId;
const TABLE = `/etc/cron.d/sculptor-${CRON}`;
const PROGRAM = `/etc/sculptor/programs/${CRON}`;
const cron = (change: object = {}, generation = 1) => ({
  ...{ id: CRON, site: ID, generation, name: PartName.parse('nightly') },
  spec: CronSpec.parse({ schedule: '30 4 * * mon', command: ['php', '%', '$HOME'], ...change }),
});

function textOf(server: FakeServer, path: string): string | undefined {
  const node = server.disk.get(path);
  return node?.kind === 'file' ? node.text : undefined;
}

async function withCron(change: Parameters<typeof spec>[0] = {}) {
  const server = createFakeServer();
  const { system } = createFakeSystem(server);
  await putSite(system)(spec(change), recordedRun());
  await putPart(system, 'cron')(cron(), recordedRun());
  return { server, system };
}

test('what cron reads is a time in numbers and an id', () => {
  const { schedule } = cron().spec;
  expect(renderCronTable({ id: CRON, schedule })).toBe(
    [
      '# Written by Sculptor Agent, and written anew. Nobody is sent what it says.',
      'SHELL=/bin/sh',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      'MAILTO=""',
      `30 4 * * 1 root /usr/lib/sculptor/launch-once ${CRON}`,
      '',
    ].join('\n'),
  );
});

test('what it starts is where cron does not look', async () => {
  const { server } = await withCron();
  expect(textOf(server, TABLE)).not.toMatch(/php|HOME=|\$/);
  expect(textOf(server, PROGRAM)).toMatch(/\0php\0%\0\$HOME\0$/);
});

test('a change changes it, and asked for again nothing is changed', async () => {
  const { server, system } = await withCron();
  await putPart(system, 'cron')(cron({ schedule: '@hourly', overlap: true }, 2), recordedRun());
  expect(textOf(server, TABLE)).toContain('\n0 * * * * root');
  expect(textOf(server, `/var/lib/sculptor-root/once/${CRON}/bounds`)).toBe('cron 3600 5\n');
  const before = stateOf(server);
  await putPart(system, 'cron')(cron({ schedule: '@hourly', overlap: true }, 2), recordedRun());
  expect(stateOf(server)).toEqual(before);
});

test('a site that is switched off, or in the trash, has none; they come back with it', async () => {
  const { server, system } = await withCron();
  const before = [textOf(server, TABLE), textOf(server, PROGRAM)];
  await putSite(system)(spec({ generation: 2, enabled: false }), recordedRun());
  expect([textOf(server, TABLE), textOf(server, PROGRAM)]).toEqual([undefined, undefined]);
  await putSite(system)(spec({ generation: 3 }), recordedRun());
  expect([textOf(server, TABLE), textOf(server, PROGRAM)]).toEqual(before);
  await removeSite(system)({ id: ID }, recordedRun());
  expect([textOf(server, TABLE), textOf(server, PROGRAM)]).toEqual([undefined, undefined]);
  await restoreSite(system)(spec({ generation: 4 }), recordedRun());
  expect([textOf(server, TABLE), textOf(server, PROGRAM)]).toEqual(before);
});

test('of one that is removed, or whose site is purged, nothing is left', async () => {
  const { server, system } = await withCron();
  const left = () => [...server.disk.keys()].filter((path) => path.includes(CRON));
  await removePart(system, 'cron')({ id: CRON, site: ID, generation: 2 }, recordedRun());
  expect(left()).toEqual([`/var/lib/sculptor-root/parts/${ID}/${CRON}.json`]);
  expect(await failureOf(putPart(system, 'cron')(cron(), recordedRun()))).toBe('invalid_request');
  const other = await withCron();
  await removeSite(other.system)({ id: ID }, recordedRun());
  await purgeSite(other.system, { atOnce: true })({ id: ID }, recordedRun());
  expect([...other.server.disk.keys()].filter((path) => path.includes(CRON))).toEqual([]);
});

const again = (generation = 1) => ({ id: CRON, site: ID, generation });
const starts = ({ doings }: FakeServer) => doings.filter((doing) => doing.startsWith('start ')).length;

test('it is started beside its times, once for each version', async () => {
  const { server, system } = await withCron();
  await runCron(system)(again(), recordedRun());
  await runCron(system)(again(), recordedRun());
  expect(starts(server)).toBe(1);
  await putPart(system, 'cron')(cron({}, 2), recordedRun());
  await runCron(system)(again(2), recordedRun());
  expect(starts(server)).toBe(2);
});

test('while it runs none is started beside it, and the step says so', async () => {
  const { server, system } = await withCron();
  const pid = `/var/lib/sculptor-root/once/${CRON}/pid.0`;
  server.disk.set(pid, { kind: 'file', text: '7\n', mode: 0o600 });
  const run = recordedRun();
  await runCron(system)(again(), run);
  expect(starts(server)).toBe(0);
  expect(run.steps).toMatchObject([{ name: 'start none beside the one that runs', changed: false }]);
});

test('one of which nobody can say that it began is not started again', async () => {
  const { server, system } = await withCron();
  server.breaksOff = true;
  for (let time = 0; time < 2; time += 1)
    expect(await failureOf(runCron(system)(again(), recordedRun()))).toBe('broken_off');
  expect(starts(server)).toBe(1);
});

test.each([
  ['an older version', 'invalid_request', { generation: 2 }],
  ['one that is not there', 'not_ready', { id: 'd1d1d1d1d1d1' as PartId }],
])('%s is not started', async (_what, code, other) => {
  const { server, system } = await withCron();
  expect(await failureOf(runCron(system)({ ...again(), ...other }, recordedRun()))).toBe(code);
  expect(starts(server)).toBe(0);
});

test('nor is one whose site is switched off', async () => {
  const { server, system } = await withCron({ enabled: false });
  expect(await failureOf(runCron(system)(again(), recordedRun()))).toBe('not_ready');
  expect(starts(server)).toBe(0);
});

test.each([
  ['1000 2500 3 itself', { exitCode: 3, endedBy: 'itself' }],
  ['1000 2500 124 time_limit', { exitCode: 124, endedBy: 'time_limit' }],
])('%s is how one ended', (text, ended) => {
  expect(parseLast(text)).toMatchObject(ended);
});

test.each([null, '', '1 2 3', '1 2 256 itself', '1 2 -1 itself', 'x 2 0 itself', '1 2 0 nothing'])(
  '%j says nothing of an end',
  (text) => expect(parseLast(text)).toBeNull(),
);
