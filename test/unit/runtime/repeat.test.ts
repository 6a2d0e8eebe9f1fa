import { setImmediate } from 'node:timers/promises';
import { repeat } from '../../../runtime/repeat.ts';

beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

async function after(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  await setImmediate();
}

test('a round begins at once, and the next so long after it ended', async () => {
  let rounds = 0;
  let end: () => void = () => undefined;
  const repeated = repeat(10, () => {
    rounds += 1;
    return new Promise((resolve) => (end = resolve));
  });
  expect(rounds).toBe(1);
  await after(100);
  expect(rounds).toBe(1);
  end();
  await setImmediate();
  await after(9);
  expect(rounds).toBe(1);
  await after(1);
  expect(rounds).toBe(2);
  end();
  await repeated.stop();
});

test('the first round waits when it should', async () => {
  let rounds = 0;
  const repeated = repeat(10, () => Promise.resolve(void (rounds += 1)), 30);
  await after(29);
  expect(rounds).toBe(0);
  await after(1);
  expect(rounds).toBe(1);
  await repeated.stop();
});

test('stopping waits for the round that is under way, and begins no other', async () => {
  let rounds = 0;
  let end: () => void = () => undefined;
  const repeated = repeat(10, () => {
    rounds += 1;
    return new Promise((resolve) => (end = resolve));
  });
  let stopped = false;
  const stopping = repeated.stop().then(() => (stopped = true));
  await setImmediate();
  expect(stopped).toBe(false);
  end();
  await stopping;
  await after(100);
  expect(rounds).toBe(1);
});
