import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import { PartId, ServerId } from '../../../contract/ids.ts';
import type { ProgramReport } from '../../../contract/queues.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
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

/** A worker over a server where Supervisor says what the test says. */
function observer() {
  const now: { programs: ProgramReport[]; lines: string[] } = { programs: [], lines: [] };
  const asked: string[] = [];
  const log: string[] = [];
  let refusal: FailureError | undefined;
  const call = (verb: string, args: { id?: string; site?: string }) => {
    asked.push(`${verb} ${args.id ?? ''} ${args.site ?? ''}`.trim());
    if (refusal !== undefined) return Promise.reject(refusal);
    const output = [{ number: 0, lines: now.lines }];
    return Promise.resolve(verb === 'programs.look' ? { programs: now.programs } : { output });
  };
  const observe = createObserving({
    ...{ server, state: worker, isActive: () => true },
    executor: { call } as unknown as ObservingParts['executor'],
    logger: createLogger('test', { write: (line) => void log.push(line) }),
  });
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

test('one that has failed is told once, with its last words, by each worker that comes', async () => {
  const one = queue('a1a1a1a1a1a1');
  for (const { now, observe } of [observer(), observer()]) {
    now.programs = [report(one, 'running')];
    now.lines = ['first', 'no database'];
    await observe();
    now.programs = [report(one, 'failed')];
    await observe();
    await observe();
  }
  expect(told()).toEqual([
    [
      'program_failed',
      'mails',
      'The program of the queue mails keeps ending at once and is not started any more. It said last: first / no database',
    ],
  ]);
});

test('what is no queue is left to others', async () => {
  const other = queue('c1c1c1c1c1c1', 'cron');
  const { now, observe } = observer();
  now.programs = [report(other, 'failed'), report(PartId.parse('d1d1d1d1d1d1'), 'running')];
  await observe();
  expect(rows()).toEqual([]);
  expect(told()).toEqual([]);
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
