import { readiness } from '../../../api/health/checks.ts';

const yes = (): Promise<boolean> => Promise.resolve(true);
const no = (): Promise<boolean> => Promise.resolve(false);
const broken = (): Promise<boolean> => Promise.reject(new Error('secret detail'));

test('with all parts there the agent is ready', async () => {
  expect(await readiness({ database: yes, redis: yes, worker: yes, queue: yes })).toEqual({
    status: 'ready',
    checks: { database: 'ok', redis: 'ok', worker: 'ok', queue: 'ok' },
  });
});

test.each(['database', 'redis', 'worker', 'queue'] as const)(
  'without its %s it is not, and says no more',
  async (part) => {
    for (const check of [no, broken]) {
      const answer = await readiness({ database: yes, redis: yes, worker: yes, queue: yes, [part]: check });
      expect(answer.status).toBe('not-ready');
      expect(answer.checks).toEqual({
        database: 'ok',
        redis: 'ok',
        worker: 'ok',
        queue: 'ok',
        [part]: 'away',
      });
    }
  },
);

test('a queue that waits for packages to be replaced is not away', async () => {
  const updating = () => Promise.resolve('updating' as const);
  expect(await readiness({ database: yes, redis: yes, worker: yes, queue: updating })).toEqual({
    status: 'ready',
    checks: { database: 'ok', redis: 'ok', worker: 'ok', queue: 'updating' },
  });
});

test('a part that never answers is away', async () => {
  jest.useFakeTimers();
  const never = (): Promise<boolean> => new Promise(() => undefined);
  const answer = readiness({ database: yes, redis: never, worker: yes, queue: yes });
  await jest.advanceTimersByTimeAsync(3000);
  expect((await answer).checks.redis).toBe('away');
  jest.useRealTimers();
});
