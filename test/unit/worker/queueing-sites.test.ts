import { createQueueingSites } from '../../../worker-privileged/queueing-sites.ts';

const MINUTE = 60_000;

/** What has been waited, in minutes, in rounds at those minutes with those that are due in them. */
function course(rounds: readonly (readonly [number, readonly string[]])[]) {
  let now = 0;
  const queueing = createQueueingSites(() => now);
  return rounds.map(([minute, due]) => {
    now = minute * MINUTE;
    return Object.fromEntries([...queueing.waited(due)].map(([id, ms]) => [id, ms / MINUTE]));
  });
}

test('counts from when one became due, and anew when it was asked or sleeps', () => {
  const found = course([
    [1, ['a', 'b']],
    [4, ['a', 'b']],
    [7, ['b']],
    [9, ['a', 'b']],
  ]);
  expect(found).toEqual([{ a: 0, b: 0 }, { a: 3, b: 3 }, { b: 6 }, { a: 0, b: 8 }]);
});

test('where no round was made for a while, nothing counts that was before', () => {
  expect(
    course([
      [1, ['a']],
      [7, ['a']],
      [8, ['a']],
    ]),
  ).toEqual([{ a: 0 }, { a: 0 }, { a: 1 }]);
});
