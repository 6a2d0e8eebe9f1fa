import { FailureError } from '../../../contract/failures.ts';
import { ServerId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import type { Sql } from '../../../state/connection.ts';
import type { Executor } from '../../../worker-privileged/executor-calls.ts';
import { createHeartbeat } from '../../../worker-privileged/heartbeat.ts';

function setUp() {
  const wrote: [string, unknown][] = [];
  let active = true;
  let updating = false;
  let away = false;
  let now = Date.parse('2026-01-01T00:00:00.000Z');
  let elapsed = 0;
  let versions = ['8.4', '8.2', '8.10'];
  const sql = {
    run: (_text: string, [, name, value]: readonly string[]) =>
      Promise.resolve(void wrote.push([name!, JSON.parse(value!)])),
  } as unknown as Sql;
  const executor = {
    call: () =>
      away
        ? Promise.reject(new FailureError('executor_unavailable', 'away', 'wait'))
        : Promise.resolve({ phpVersions: versions, hostname: 'machine', timeZone: 'Europe/Berlin' }),
  } as unknown as Pick<Executor, 'call'>;
  const beat = createHeartbeat({
    server: ServerId.parse('default'),
    state: sql,
    executor,
    door: { facts: () => Promise.resolve({ collations: ['utf8mb4_bin'], connectionsPerAccount: 30 }) },
    version: '1.2.3',
    isActive: () => active,
    isUpdating: () => updating,
    logger: createLogger('test', { write: () => undefined }),
    now: () => now,
    elapsed: () => elapsed,
  });
  return {
    after: async (ms: number) => {
      wrote.length = 0;
      now += ms;
      elapsed += ms;
      await beat();
      return wrote.map(([name]) => name);
    },
    wrote,
    setClockBack: (ms: number) => (now -= ms),
    set: (next: { active?: boolean; updating?: boolean; away?: boolean; versions?: string[] }) => {
      updating = next.updating ?? updating;
      active = next.active ?? active;
      away = next.away ?? away;
      versions = next.versions ?? versions;
    },
  };
}

test('says while packages are replaced that what waits is not begun', async () => {
  const { after, set } = setUp();
  set({ updating: true });
  expect(await after(0)).toContain('updating');
  set({ updating: false });
  expect(await after(20_000)).toEqual(['worker', 'databases']);
});

test('says at once, and then every twenty seconds, that the worker is at work', async () => {
  const { after, wrote } = setUp();
  expect(await after(0)).toEqual(['worker', 'databases', 'php', 'timezone']);
  expect(wrote).toEqual([
    ['worker', { at: '2026-01-01T00:00:00.000Z', version: '1.2.3' }],
    ['databases', { collations: ['utf8mb4_bin'], connectionsPerAccount: 30 }],
    ['php', { versions: ['8.2', '8.4', '8.10'], default: '8.10' }],
    ['timezone', 'Europe/Berlin'],
  ]);
  expect(await after(19_000)).toEqual([]);
  expect(await after(1000)).toEqual(['worker', 'databases']);
});

test('goes on beating where the clock is set back', async () => {
  const { after, setClockBack } = setUp();
  await after(0);
  setClockBack(3_600_000);
  expect(await after(20_000)).toEqual(['worker', 'databases']);
  expect(await after(40_000)).toEqual(['worker', 'databases', 'php', 'timezone']);
});

test('asks again every minute which PHP versions there are', async () => {
  const { after } = setUp();
  await after(0);
  expect(await after(59_000)).toEqual(['worker', 'databases']);
  expect(await after(1000)).toEqual(['php', 'timezone']);
});

test('asks soon again when the executor was away', async () => {
  const { after, set } = setUp();
  set({ away: true });
  expect(await after(0)).toEqual(['worker', 'databases']);
  set({ away: false });
  expect(await after(4000)).toEqual([]);
  expect(await after(1000)).toEqual(['php', 'timezone']);
});

test('knows of no default where there is no PHP', async () => {
  const { after, set, wrote } = setUp();
  set({ versions: [] });
  await after(0);
  expect(wrote[2]).toEqual(['php', { versions: [], default: null }]);
});

test('says nothing while another worker is at work', async () => {
  const { after, set } = setUp();
  set({ active: false });
  expect(await after(0)).toEqual([]);
  set({ active: true });
  expect(await after(1)).toEqual(['worker', 'databases', 'php', 'timezone']);
});
