import { FailureError } from '../../../contract/failures.ts';
import type { FailureCode } from '../../../contract/failures.ts';
import { createMakingRoom } from '../../../worker-privileged/making-room.ts';
import { createLogger } from '../../../runtime/logger.ts';

const quiet = createLogger('test', { write: () => undefined });

function build({ active = true } = {}) {
  const asked: boolean[] = [];
  const world = { underWay: false, busy: false, failing: null as FailureCode | null, wentOn: 0 };
  const room = createMakingRoom({
    executor: {
      call: (_verb, args) => {
        asked.push((args as { idle: boolean }).idle);
        if (world.failing !== null) return Promise.reject(new FailureError(world.failing, '', ''));
        return Promise.resolve({ underWay: world.underWay }) as never;
      },
    },
    isActive: () => active,
    isBusy: () => world.busy,
    goOn: () => Promise.resolve(void (world.wentOn += 1)),
    logger: quiet,
  });
  return { asked, world, room };
}

test('nothing is begun while packages are replaced, and what waits is begun when they were', async () => {
  const { room, world } = build();
  await room.once();
  expect(await room.mayBegin()).toBe(true);
  world.underWay = true;
  await room.once();
  expect([await room.mayBegin(), world.wentOn]).toEqual([false, 0]);
  world.underWay = false;
  await room.once();
  expect([await room.mayBegin(), world.wentOn]).toEqual([true, 1]);
});

test('that nothing is under way is said after nothing is begun any more, and not before', async () => {
  const { room, world, asked } = build();
  world.underWay = true;
  world.busy = true;
  await room.once();
  await room.once();
  world.busy = false;
  await room.once();
  expect(asked).toEqual([false, false, true]);
});

test.each<FailureCode>(['executor_unavailable', 'invalid_request', 'internal'])(
  'where the executor says %s, operations go on',
  async (code) => {
    const { room, world } = build();
    world.underWay = true;
    await room.once();
    world.failing = code;
    await room.once();
    expect([await room.mayBegin(), world.wentOn]).toEqual([true, 1]);
  },
);

test('a worker that is started in the midst of it asks before it begins anything', async () => {
  const { room, world, asked } = build();
  world.underWay = true;
  expect(await Promise.all([room.mayBegin(), room.mayBegin()])).toEqual([false, false]);
  expect(asked).toEqual([false]);
  expect(room.isUnderWay()).toBe(true);
});

test('a worker that waits for another asks nothing', async () => {
  const { room, asked } = build({ active: false });
  await room.once();
  expect(asked).toEqual([]);
});
