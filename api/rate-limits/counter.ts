import type { Redis } from 'ioredis';
import { REDIS_PREFIX } from '../../contract/operations.ts';
import type { Logger } from '../../runtime/logger.ts';

/** Counts one more of this name, and says how many there were in this minute. */
export type Count = (name: string) => Promise<number>;

export interface CounterParts {
  readonly redis: Pick<Redis, 'status' | 'pipeline'>;
  readonly logger: Logger;
  readonly now?: () => number;
}

export const WINDOW_MS = 60_000;
/** So long a request waits for Redis; then the process goes by what it has seen itself, and asks nobody for a while. */
const PATIENCE_MS = 100;
const PAUSE_MS = 5000;

/**
 * Counts in Redis, where all processes of the API meet, and beside it in the process itself: while Redis is away
 * that is all there is, and whoever empties Redis does not begin anew.
 */
export function createCounter({ redis, logger, now = Date.now }: CounterParts): Count {
  const own = createOwnCount();
  let askAgainAt = 0;
  return async (name) => {
    const window = Math.floor(now() / WINDOW_MS);
    const seen = own(name, window);
    if (redis.status !== 'ready' || now() < askAgainAt) return seen;
    const key = `${REDIS_PREFIX}:rate:${name}:${window}`;
    try {
      return Math.max(seen, await within(PATIENCE_MS, shared(redis, key)));
    } catch (error) {
      askAgainAt = now() + PAUSE_MS;
      logger.warn({ err: error }, 'requests are counted without redis');
      return seen;
    }
  };
}

/** Both at each time, so that no key is left without an end by whoever broke off between the two. */
async function shared(redis: CounterParts['redis'], key: string): Promise<number> {
  const [counted] = (await redis.pipeline().incr(key).pexpire(key, WINDOW_MS).exec()) ?? [];
  const [error, value] = counted ?? [new Error('redis answered nothing'), undefined];
  if (error !== null) throw error;
  return Number(value);
}

/** Of this minute alone: with the next one it begins with nothing, so it does not grow. */
function createOwnCount(): (name: string, window: number) => number {
  let current = 0;
  let counts = new Map<string, number>();
  return (name, window) => {
    if (window !== current) counts = new Map();
    current = window;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count;
  };
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('redis did not answer in time')), ms);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
