import { OperationId } from '../../contract/ids.ts';
import { OPERATION_CHANNEL } from '../../contract/operations.ts';
import type { Logger } from '../../runtime/logger.ts';

/** What is used of a Redis connection that only listens. */
export interface Subscriber {
  readonly status: string;
  readonly subscribe: (channel: string) => Promise<unknown>;
  readonly on: (event: 'message', listener: (channel: string, message: string) => void) => unknown;
}

/** Tells that an operation has moved on; what it is now has to be read. */
export interface News {
  /** Whether news can be expected at all. */
  readonly isLive: () => boolean;
  /** Returns what ends the listening. */
  readonly listen: (id: OperationId, listener: () => void) => () => void;
}

/** One subscription for the whole process, whoever listens to whatever. Redis says only ids, and is not believed more. */
export function createNews(subscriber: Subscriber, logger: Logger): News {
  const listeners = new Map<string, Set<() => void>>();
  subscriber.on('message', (_, message) => {
    const id = OperationId.safeParse(message);
    if (id.success) listeners.get(id.data)?.forEach((listener) => listener());
  });
  // While Redis is away the subscription waits; after that ioredis renews it by itself.
  subscriber.subscribe(OPERATION_CHANNEL).catch((error: unknown) => {
    logger.warn({ err: error }, 'no news of operations, they are polled');
  });
  return {
    isLive: () => subscriber.status === 'ready',
    listen: (id, listener) => {
      const own = listeners.get(id) ?? new Set();
      listeners.set(id, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0 && listeners.get(id) === own) listeners.delete(id);
      };
    },
  };
}
