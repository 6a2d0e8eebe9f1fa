import { setImmediate } from 'node:timers/promises';
import { FailureError } from '../../../contract/failures.ts';
import { ServerId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import type { Sql } from '../../../state/connection.ts';
import { createKeepingStateDump, roundBegan } from '../../../worker-privileged/keeping-state-dump.ts';

const quiet = createLogger('test', { write: () => undefined });
const HOUR_MS = 3_600_000;
const START = Date.parse('2026-11-30T12:00:00Z');

function build() {
  const world = {
    now: START,
    asked: 0,
    fact: undefined as unknown,
    answer: () => Promise.resolve({ at: new Date(world.now).toISOString() }) as Promise<object>,
  };
  const state: Sql = {
    rows: () =>
      Promise.resolve(world.fact === undefined ? [] : [{ value: JSON.stringify(world.fact) }]) as never,
    run: (_text, values) => {
      world.fact = JSON.parse(String(values?.[2]));
      return Promise.resolve(1);
    },
  };
  const once = createKeepingStateDump({
    ...{ server: ServerId.parse('default'), serverName: 'server.example', state, logger: quiet },
    executor: {
      call: async () => {
        world.asked += 1;
        return { made: true, name: '20261130-120000', octets: 5, ...(await world.answer()) } as never;
      },
    },
    isActive: () => true,
    now: () => world.now,
  });
  const round = async (hours = 0) => {
    world.now += hours * HOUR_MS;
    await once();
    await setImmediate();
  };
  return { world, round };
}

test('has the state dumped where it never was, and then once a day', async () => {
  const { world, round } = build();
  await round();
  expect(world.fact).toEqual({
    ...{ ok: true, at: '2026-11-30T12:00:00.000Z', good: '2026-11-30T12:00:00.000Z' },
    ...{ name: '20261130-120000', octets: 5 },
  });
  for (let hour = 0; hour < 24 * 7; hour += 1) await round(1);
  expect(world.asked).toBe(1 + 7);
});

test('the time for it is at night, another one for another server', () => {
  const began = ['a.example', 'b.example', 'c.example'].map((name) => roundBegan(START, name));
  expect(new Set(began).size).toBe(3);
  for (const each of began) {
    const hour = new Date(each).getUTCHours();
    expect([each <= START, each > START - 24 * HOUR_MS, hour >= 1 && hour < 5]).toEqual([true, true, true]);
  }
});

test('what failed is tried again after two hours, and what was good before stays known', async () => {
  const { world, round } = build();
  await round();
  const good = '2026-11-30T12:00:00.000Z';
  world.answer = () => Promise.reject(new FailureError('server_full', 'No room.', 'Make room.'));
  await round(24);
  const at = '2026-12-01T12:00:00.000Z';
  expect(world.fact).toEqual({ ok: false, at, good, code: 'server_full', message: 'No room.' });
  await round(1);
  expect(world.asked).toBe(2);
  await round(1);
  expect(world.asked).toBe(3);
});

test('an executor that is away is asked again, and nothing is said of it', async () => {
  const { world, round } = build();
  world.answer = () => Promise.reject(new FailureError('executor_unavailable', '', ''));
  await round();
  await round();
  expect([world.asked, world.fact]).toEqual([2, undefined]);
});

test('a dump of a time to come is none', async () => {
  const { world, round } = build();
  world.answer = () => Promise.resolve({ at: '2027-11-30T12:00:00.000Z' });
  await round();
  await round(3);
  expect(world.asked).toBe(2);
});

test('one that takes hours is not asked for a second time', async () => {
  const { world, round } = build();
  world.answer = () => new Promise(() => undefined);
  await round();
  await round(5);
  expect(world.asked).toBe(1);
});
