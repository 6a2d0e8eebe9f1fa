import { createPauses } from '../../../worker-privileged/pauses.ts';

test('pauses grow with the attempts, and last as long as they say', () => {
  let now = 0;
  const pauses = createPauses({ now: () => now });
  const lengths = [1, 2, 3, 4].map((attempt) => pauses.begin('a', attempt));
  expect([...lengths].sort((a, b) => a - b)).toEqual(lengths);
  expect(new Set(lengths).size).toBe(4);
  now = lengths[3]! - 1;
  expect(pauses.isOver('a')).toBe(false);
  now += 1;
  expect(pauses.isOver('a')).toBe(true);
  expect(pauses.begin('b', 99)).toBe(lengths[3]);
});

test('what has no pause need not wait', () => {
  expect(createPauses().isOver('a')).toBe(true);
});
