import { createLogger } from '../../../runtime/logger.ts';
import { stop } from '../../../runtime/shutdown.ts';

const logger = createLogger('test', { write: () => undefined });

test('the steps run one after the other, and a step that fails does not keep the next from running', async () => {
  const events: string[] = [];
  await stop({
    logger,
    steps: [
      async () => {
        await Promise.resolve();
        events.push('first');
      },
      () => Promise.reject(new Error('broken')),
      () => events.push('last'),
    ],
    exit: (code) => events.push(`exit ${code}`),
  });
  expect(events).toEqual(['first', 'last', 'exit 0']);
});

test('what does not end in time is cut off', async () => {
  jest.useFakeTimers();
  const codes: number[] = [];
  void stop({
    logger,
    steps: [() => new Promise(() => undefined)],
    exit: (code) => codes.push(code),
    patienceMs: 1000,
  });
  await jest.advanceTimersByTimeAsync(1000);
  expect(codes).toEqual([1]);
  jest.useRealTimers();
});
