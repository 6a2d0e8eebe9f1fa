import { ServerId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import type { Sql } from '../../../state/connection.ts';
import { createMonitor } from '../../../worker-unprivileged/monitor.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');

function setUp() {
  let now = START;
  let beat: string | undefined = new Date(START).toISOString();
  let database: Error | undefined;
  let redis: Error | undefined;
  let overdue: string[] = [];
  const woken: string[] = [];
  let lines: string[] = [];
  const state = {
    rows: (_schema: unknown, text: string) => {
      if (database !== undefined) return Promise.reject(database);
      if (!text.includes('server_fact')) return Promise.resolve(overdue.map((id) => ({ id })));
      return Promise.resolve(
        beat === undefined ? [] : [{ value: JSON.stringify({ at: beat, version: '1' }) }],
      );
    },
  } as unknown as Sql;
  const monitor = createMonitor({
    server: ServerId.parse('default'),
    state,
    askRedis: () => (redis === undefined ? Promise.resolve('PONG') : Promise.reject(redis)),
    wakeUps: { wake: (id, options) => Promise.resolve((woken.push(`${id} ${options?.jobId ?? ''}`), true)) },
    logger: createLogger('test', {
      write: (line) => {
        const { level, msg, subject } = JSON.parse(line) as { level: string; msg: string; subject: string };
        lines.push(`${level}: ${subject} ${msg}`);
      },
    }),
    now: () => now,
  });
  return {
    woken,
    /** What the log says of one more round, so much later. */
    after: async (seconds: number): Promise<string[]> => {
      now += seconds * 1000;
      lines = [];
      await monitor();
      return lines;
    },
    beat: () => (beat = new Date(now).toISOString()),
    neverBeat: () => (beat = undefined),
    database: (error?: Error) => (database = error),
    redis: (error?: Error) => (redis = error),
    overdue: (ids: string[]) => (overdue = ids),
  };
}

test('says nothing while all is well', async () => {
  const { after, beat } = setUp();
  expect(await after(0)).toEqual([]);
  beat();
  expect(await after(30)).toEqual([]);
});

test('says once that the worker is silent, once more when it stays so, and once when it is back', async () => {
  const { after, beat } = setUp();
  expect(await after(60)).toEqual([]);
  expect(await after(1)).toEqual(['warn: worker-privileged not well']);
  expect(await after(30)).toEqual([]);
  expect(await after(30)).toEqual(['error: worker-privileged still not well, look at it']);
  expect(await after(30)).toEqual([]);
  beat();
  expect(await after(0)).toEqual(['info: worker-privileged well again']);
  expect(await after(0)).toEqual([]);
});

test('says that a worker has never been there', async () => {
  const { after, neverBeat } = setUp();
  neverBeat();
  expect(await after(0)).toEqual(['warn: worker-privileged not well']);
});

test('tells the database and the queue apart from the worker', async () => {
  const { after, database, redis } = setUp();
  redis(new Error('away'));
  expect(await after(0)).toEqual(['warn: queue not well']);
  database(new Error('away'));
  expect(await after(0)).toEqual(['warn: database not well']);
  redis();
  database();
  expect(await after(0)).toEqual(['info: queue well again', 'info: database well again']);
});

test('wakes what has waited too long, each once until it was taken', async () => {
  const { after, overdue, woken } = setUp();
  overdue(['a'.repeat(20), 'b'.repeat(20)]);
  await after(0);
  expect(woken).toEqual([
    expect.stringMatching(/^a{20} overdue-[0-9a-f]{12}-a{20}$/),
    expect.stringMatching(/^b{20} overdue-[0-9a-f]{12}-b{20}$/),
  ]);
});
