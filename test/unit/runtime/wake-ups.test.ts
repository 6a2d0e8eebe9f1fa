import type { Redis } from 'ioredis';
import { OperationId, ServerId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { createWakeUps } from '../../../runtime/wake-ups.ts';

const logger = createLogger('test', { write: () => undefined });

test.each(['connecting', 'reconnecting', 'close', 'end', 'wait'])(
  'while the connection is %s nothing is queued and nobody waits',
  async (status) => {
    // Whatever else is asked of it is a mistake.
    const redis = { status } as unknown as Redis;
    const wakeUps = createWakeUps({ redis, server: ServerId.parse('default'), logger });
    expect(await wakeUps.wake(OperationId.parse('o'.repeat(20)))).toBe(false);
    await wakeUps.close();
  },
);
