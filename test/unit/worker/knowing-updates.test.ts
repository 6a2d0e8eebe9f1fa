import { FailureError } from '../../../contract/failures.ts';
import type { FailureCode } from '../../../contract/failures.ts';
import { ServerId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import type { Sql } from '../../../state/connection.ts';
import { createKnowingUpdates } from '../../../worker-privileged/knowing-updates.ts';

function build(lookedAt?: string) {
  const world = { active: true, asked: 0, failing: null as FailureCode | null };
  const lines: string[] = [];
  const written: unknown[] = [];
  const knowing = createKnowingUpdates({
    server: ServerId.parse('default'),
    state: {
      run: (_: string, values: unknown) => Promise.resolve(written.push(values)),
      rows: () => Promise.resolve(lookedAt === undefined ? [] : [{ value: seen(lookedAt) }]),
    } as unknown as Sql,
    executor: {
      call: () => {
        world.asked += 1;
        if (world.failing !== null) return Promise.reject(new FailureError(world.failing, '', ''));
        return Promise.resolve({ pending: null, last: null, reboot: null }) as never;
      },
    },
    isActive: () => world.active,
    logger: createLogger('test', { write: (line: string) => void lines.push(line) }),
  });
  const seconds = async (count: number) => {
    for (let second = 0; second < count; second += 1) await knowing.once();
  };
  return { world, lines, written, knowing, seconds };
}

const seen = (lookedAt: string) => JSON.stringify({ pending: null, last: null, reboot: null, lookedAt });

test('one that was started anew waits until what the former wrote down is a minute old', async () => {
  const young = build(new Date().toISOString());
  await young.seconds(50);
  expect(young.world.asked).toBe(0);
  await young.seconds(15);
  expect(young.world.asked).toBe(1);
  for (const at of [Date.now() - 61_000, Date.now() + 600_000]) {
    const other = build(new Date(at).toISOString());
    await other.seconds(1);
    expect(other.world.asked).toBe(1);
  }
});

test('what waits is written down at the start and every hour, by the one worker alone', async () => {
  const { world, written, seconds } = build();
  await seconds(3600);
  expect([world.asked, written.length]).toEqual([1, 1]);
  await seconds(2);
  expect(world.asked).toBe(2);
  world.active = false;
  await seconds(4000);
  expect(world.asked).toBe(2);
});

test('and at once after an update, but not while it is under way', async () => {
  const { world, knowing, seconds } = build();
  await seconds(5);
  world.active = false;
  knowing.noteUpdate();
  await seconds(5);
  expect(world.asked).toBe(1);
  world.active = true;
  await seconds(5);
  expect(world.asked).toBe(2);
});

test.each<[FailureCode, number]>([
  ['executor_unavailable', 0],
  ['internal', 1],
])('where it cannot be asked it is asked again a minute later: %s', async (code, lines) => {
  const it = build();
  it.world.failing = code;
  await it.seconds(60);
  expect([it.world.asked, it.lines.length]).toEqual([1, lines]);
  await it.seconds(2);
  expect(it.world.asked).toBe(2);
});
