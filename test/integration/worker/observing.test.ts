import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import { PartId, ServerId } from '../../../contract/ids.ts';
import type { CronReport } from '../../../contract/crons.ts';
import type { ProgramReport } from '../../../contract/queues.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { CRONS, QUEUES } from '../../../worker-privileged/observed-kinds.ts';
import { createObserving } from '../../../worker-privileged/observing.ts';
import type { ObservingParts } from '../../../worker-privileged/observing.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';

const server = ServerId.parse('default');
let servers: Servers;
let worker: State;

beforeAll(async () => {
  servers = await startServers();
  worker = openState(servers.state('sculptor'));
});
afterAll(async () => {
  await worker.close();
  await servers.stop();
});
afterEach(() => {
  servers.sql('DELETE FROM sculptor.part_report; DELETE FROM sculptor.site_part_version');
  servers.sql('DELETE FROM sculptor.site_part_name');
  servers.sql('DELETE FROM sculptor.operation; DELETE FROM sculptor.notification');
});

const SITE = 's1s1s1s1s1s1';

/** A queue as the API wrote it, and the operation that brought it about. */
function queue(id: string, type = 'queue'): PartId {
  servers.sql(`INSERT INTO sculptor.site_part_version (part_id, generation, type, domain_id, tenant, server, name, spec)
    VALUES ('${id}', 1, '${type}', '${SITE}', 'default', 'default', 'mails', '{}')`);
  servers.sql(`INSERT INTO sculptor.site_part_name (domain_id, type, name, part_id)
    VALUES ('${SITE}', '${type}', '${id}', '${id}')`);
  servers.sql(`INSERT INTO sculptor.operation (id, kind, resource_type, resource_id, resource_name, serial_key, generation,
    tenant, server, actor, status) VALUES ('o${id}aaaaaaa', '${type}.create', '${type}', '${id}', 'mails',
    'domain:${SITE}', 1, 'default', 'default', 'tests', 'succeeded')`);
  return PartId.parse(id);
}

const report = (part: PartId, state: string, output = '1'): ProgramReport =>
  ({ part, processes: [{ number: 0, state, since: null, exitCode: null }], output }) as ProgramReport;

const ranAt = (minute: number, exitCode: number, failures: number): Omit<CronReport, 'part'> => {
  const at = `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`;
  const last = { startedAt: at, endedAt: at, exitCode, endedBy: 'itself' } as const;
  return { last, failures, running: false, skippedAt: null };
};

/** A worker over a server where Supervisor, or cron, says what the test says. */
function observer(type: 'queue' | 'cron' = 'queue') {
  const now: { programs: ProgramReport[]; crons: ({ part: PartId } & CronReport)[]; lines: string[] } = {
    ...{ programs: [], crons: [], lines: [] },
  };
  const asked: string[] = [];
  const log: string[] = [];
  let refusal: FailureError | undefined;
  const call = (verb: string, args: { id?: string; site?: string }) => {
    asked.push(`${verb} ${args.id ?? ''} ${args.site ?? ''}`.trim());
    if (refusal !== undefined) return Promise.reject(refusal);
    if (verb.endsWith('.look')) return Promise.resolve({ programs: now.programs, crons: now.crons });
    const output = type === 'queue' ? [{ number: 0, lines: now.lines }] : now.lines.join('\n');
    return Promise.resolve({ output });
  };
  const parts: ObservingParts = {
    ...{ server, state: worker, isActive: () => true },
    executor: { call } as unknown as ObservingParts['executor'],
    logger: createLogger('test', { write: (line) => void log.push(line) }),
  };
  const observe = type === 'queue' ? createObserving(parts, QUEUES) : createObserving(parts, CRONS);
  return { now, asked, log, observe, refuse: (with_?: FailureError) => (refusal = with_) };
}

const rows = (columns = 'part_id, report, output') =>
  servers.sql(`SELECT ${columns} FROM sculptor.part_report ORDER BY part_id`);
const told = () => servers.sql('SELECT kind, resource_name, message FROM sculptor.notification');

test('what is seen is written when it is new, and taken away when it is no more', async () => {
  const [one, two] = [queue('a1a1a1a1a1a1'), queue('b1b1b1b1b1b1')];
  const { now, observe } = observer();
  now.programs = [report(one, 'running'), report(two, 'stopped')];
  now.lines = ['hello'];
  await observe();
  expect(rows('part_id')).toEqual([[one], [two]]);
  expect(rows('output')).toEqual([1, 2].map(() => [JSON.stringify([{ number: 0, lines: ['hello'] }])]));
  servers.sql("UPDATE sculptor.part_report SET observed_at = '2026-01-01'");
  now.programs = [report(one, 'stopped')];
  await observe();
  expect(rows('part_id')).toEqual([[one]]);
  expect(JSON.stringify(rows('report'))).toContain('stopped');
  servers.sql("UPDATE sculptor.part_report SET observed_at = '2026-01-01'");
  await observe();
  const Row = z.object({ at: z.date() });
  const [seen] = await worker.rows(Row, 'SELECT observed_at AS at FROM part_report');
  expect(seen?.at.getTime()).toBeGreaterThan(Date.now() - 60_000);
});

test('what one says is read when it has said something more', async () => {
  const one = queue('a1a1a1a1a1a1');
  const { now, observe, asked } = observer();
  now.programs = [report(one, 'running', '1')];
  await observe();
  await observe();
  now.programs = [report(one, 'running', '2')];
  await observe();
  expect(asked.filter((verb) => verb.startsWith('program.output'))).toEqual(
    [1, 2].map(() => `program.output ${one} ${SITE}`),
  );
});

test('of many that speak, all have their turn', async () => {
  const { now, observe, asked } = observer();
  const all = Array.from({ length: 25 }, (_, index) => queue(`a1a1a1a1a1${String(index + 10)}`));
  for (let stamp = 0; stamp < 3; stamp += 1) {
    now.programs = all.map((part) => report(part, 'running', String(stamp)));
    await observe();
  }
  const read = new Set(asked.filter((verb) => verb.startsWith('program.output')));
  expect(read.size).toBe(25);
});

test('one that fails is told with its last words: once while it has failed, and again when it does anew', async () => {
  const one = queue('a1a1a1a1a1a1');
  const sentence =
    'The program of the queue mails keeps ending at once and is not started any more. It said last: first / no database';
  for (let time = 1; time <= 2; time += 1) {
    const { now, observe } = observer();
    now.lines = ['first', 'no database'];
    for (const state of ['running', 'failed', 'failed']) {
      now.programs = [report(one, state, `${time}`)];
      await observe();
    }
    // Nor does a worker that comes later tell it again.
    const later = observer();
    later.now.programs = [report(one, 'failed', 'more')];
    await later.observe();
    expect(told()).toEqual(Array.from({ length: time }, () => ['program_failed', 'mails', sentence]));
  }
});

test('of a cron each change from good to bad is told, and not each run that fails', async () => {
  const one = queue('c1c1c1c1c1c1', 'cron');
  const { now, observe } = observer('cron');
  now.lines = ['said'];
  const runs = [ranAt(1, 0, 0), ranAt(2, 1, 1), ranAt(3, 1, 2), ranAt(4, 0, 0), ranAt(5, 7, 1)];
  const counts: number[] = [];
  for (const run of runs) {
    now.crons = [{ part: one, ...run }];
    await observe();
    counts.push(told().length);
  }
  expect(counts).toEqual([0, 1, 1, 1, 2]);
  expect(told().map(([, , message]) => message)).toEqual([
    'The cron mails ended with 1.',
    'The cron mails ended with 7.',
  ]);
  expect(rows('type, output')).toEqual([['cron', '"said"']]);
});

test('what has failed before an operation has brought it about is told when one has', async () => {
  const one = queue('c1c1c1c1c1c1', 'cron');
  const { now, observe } = observer('cron');
  now.crons = [{ part: one, ...ranAt(1, 1, 1) }];
  servers.sql("UPDATE sculptor.operation SET status = 'running'");
  await observe();
  expect([rows(), told()]).toEqual([[], []]);
  servers.sql("UPDATE sculptor.operation SET status = 'succeeded'");
  await observe();
  expect(told()).toHaveLength(1);
});

test('what is no queue is left to others', async () => {
  const other = queue('c1c1c1c1c1c1', 'cron');
  const { now, observe } = observer();
  now.programs = [report(other, 'failed'), report(PartId.parse('d1d1d1d1d1d1'), 'running')];
  await observe();
  expect(rows()).toEqual([]);
  expect(told()).toEqual([]);
});

test('one whose site is none keeps no other, and what it says is asked of the site that it was brought about for', async () => {
  const [one, two] = [queue('a1a1a1a1a1a1'), queue('b1b1b1b1b1b1')];
  servers.sql(`UPDATE sculptor.site_part_version SET domain_id = 'X!' WHERE part_id = '${one}'`);
  const { now, observe, asked } = observer();
  now.programs = [report(one, 'running'), report(two, 'running')];
  await observe();
  servers.sql(`INSERT INTO sculptor.site_part_version (part_id, generation, type, domain_id, tenant, server, name, spec)
    VALUES ('${one}', 2, 'queue', '${SITE}', 'default', 'default', 'mails', '{}')`);
  servers.sql(`UPDATE sculptor.operation SET generation = 2 WHERE resource_id = '${one}'`);
  now.programs = [report(one, 'running', '2'), report(two, 'running')];
  await observe();
  expect(asked.filter((verb) => verb.startsWith('program.output'))).toEqual(
    [two, one].map((part) => `program.output ${part} ${SITE}`),
  );
});

test('where nobody answers what was seen stays, and the next round goes on', async () => {
  const one = queue('a1a1a1a1a1a1');
  const { now, observe, refuse, log } = observer();
  now.programs = [report(one, 'running')];
  await observe();
  refuse(new FailureError('executor_unavailable', 'no', 'wait'));
  await observe();
  expect(rows('part_id')).toEqual([[one]]);
  refuse(undefined);
  now.programs = [];
  await observe();
  expect(rows()).toEqual([]);
  expect(log).toEqual([]);
});

test('where no site has a queue, nothing is asked of root', async () => {
  const { observe, asked } = observer();
  await observe();
  expect(asked).toEqual([]);
  queue('a1a1a1a1a1a1');
  await observe();
  expect(asked).toEqual(['programs.look']);
});
