import type { Redis } from 'ioredis';
import type { OperationId } from '../contract/ids.ts';
import { OPERATION_CHANNEL } from '../contract/operations.ts';
import type { Logger } from '../runtime/logger.ts';

/** Tells whoever follows that an operation has moved on. Nothing depends on it: it never throws and is not waited for. */
export type Publish = (id: OperationId) => void;

export function createPublish(redis: Pick<Redis, 'publish' | 'status'>, logger: Logger): Publish {
  return (id) => {
    // While Redis is away its connection says so once; a line for each step would say no more.
    if (redis.status !== 'ready') return;
    redis.publish(OPERATION_CHANNEL, id).catch((error: unknown) => {
      logger.warn({ err: error, operationId: id }, 'progress not published');
    });
  };
}
