import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { OperationId, ServerId } from '../contract/ids.ts';
import { privilegedQueue, REDIS_PREFIX, WAKE_UP } from '../contract/operations.ts';
import type { WakeUp } from '../contract/operations.ts';
import type { Logger } from './logger.ts';

export interface WakeOptions {
  /** A job id that exists already adds nothing: the sweep uses this. No `:` in it, and no integer. */
  readonly jobId?: string;
  readonly delayMs?: number;
}

/** Tells a server's worker that an operation waits. Loss is harmless, the sweep finds the row. */
export interface WakeUps {
  /** True when Redis took it. Never throws, and never waits longer than Redis's own time limit. */
  readonly wake: (operationId: OperationId, options?: WakeOptions) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

export interface WakeUpsParts {
  readonly redis: Redis;
  readonly server: ServerId;
  readonly logger: Logger;
}

/** The connection is the caller's, made by `connectRedis`, and is closed by the caller after this. */
export function createWakeUps({ redis, server, logger }: WakeUpsParts): WakeUps {
  let queue: Queue<WakeUp> | undefined;

  async function close(): Promise<void> {
    const closing = queue;
    queue = undefined;
    await closing?.close();
  }

  async function wake(operationId: OperationId, { jobId, delayMs = 0 }: WakeOptions = {}): Promise<boolean> {
    // BullMQ would wait for a connection that is away; nobody here has that time.
    if (redis.status !== 'ready') return false;
    try {
      queue ??= createQueue({ redis, server, logger });
      await queue.add(
        WAKE_UP,
        { operationId },
        { delay: delayMs, ...(jobId === undefined ? {} : { jobId }) },
      );
      return true;
    } catch (error) {
      logger.warn({ err: error, operationId }, 'wake-up not queued, the sweep will find the operation');
      // A queue whose first handshake failed stays failed: begin with a new one next time.
      void close().catch(() => undefined);
      return false;
    }
  }

  return { wake, close };
}

function createQueue({ redis, server, logger }: WakeUpsParts): Queue<WakeUp> {
  const queue = new Queue<WakeUp>(privilegedQueue(server), {
    connection: redis,
    prefix: REDIS_PREFIX,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1, stackTraceLimit: 0 },
  });
  queue.on('error', (error) => logger.debug({ err: error }, 'queue error'));
  return queue;
}
