import { FailureError } from '../../../contract/failures.ts';
import type { FailureCode } from '../../../contract/failures.ts';
import { ServerId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import type { Sql } from '../../../state/connection.ts';
import { createKnowingBans } from '../../../worker-privileged/knowing-bans.ts';

function build() {
  const world = { active: true, asked: 0, failing: null as FailureCode | null };
  const lines: string[] = [];
  const written: string[] = [];
  const once = createKnowingBans({
    server: ServerId.parse('default'),
    state: {
      run: (_: string, values: readonly string[]) => Promise.resolve(written.push(...values)),
    } as unknown as Sql,
    executor: {
      call: () => {
        world.asked += 1;
        if (world.failing !== null) return Promise.reject(new FailureError(world.failing, '', ''));
        return Promise.resolve({ jails: ['sshd'], bans: [], more: 0 }) as never;
      },
    },
    isActive: () => world.active,
    logger: createLogger('test', { write: (line: string) => void lines.push(line) }),
  });
  return { world, lines, written, once };
}

test('who is banned is written down as soon as this is the one worker, with when that was seen', async () => {
  const { world, written, once } = build();
  const before = new Date().toISOString();
  world.active = false;
  await once();
  expect(world.asked).toBe(0);
  world.active = true;
  await once();
  const seen = JSON.parse(written[2] ?? '') as { readonly seenAt: string };
  expect(written.slice(0, 2)).toEqual(['default', 'bans']);
  expect(seen).toMatchObject({ jails: ['sshd'], bans: [], more: 0 });
  expect(seen.seenAt >= before && seen.seenAt <= new Date().toISOString()).toBe(true);
});

test('and again each minute', async () => {
  const { world, once } = build();
  for (let second = 0; second < 61; second += 1) await once();
  expect(world.asked).toBe(1);
  await once();
  expect(world.asked).toBe(2);
});

test.each<[FailureCode, number]>([
  ['executor_unavailable', 0],
  ['not_ready', 1],
])('where it cannot be asked what was seen before stays: %s', async (code, lines) => {
  const it = build();
  it.world.failing = code;
  await it.once();
  expect([it.written, it.lines.length]).toEqual([[], lines]);
});
