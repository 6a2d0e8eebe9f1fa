import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { Logger } from './logger.ts';
import type { Secret } from './secret.ts';

/** An account of the agent's own Redis, which listens on a unix socket and nowhere else. */
export interface RedisLogin {
  readonly socketPath: string;
  readonly username: string;
  readonly password: Secret;
}

/**
 * For a BullMQ Worker: options and not an instance, because an instance is not closed by `worker.close()`;
 * it waits for Redis as long as it takes.
 */
export function workerConnection(login: RedisLogin) {
  return { ...common(login), maxRetriesPerRequest: null } satisfies RedisOptions;
}

/**
 * A connection that fails at once while Redis is away, so that nobody waits for a wake-up: what it would have
 * said stands in the database. Reconnects by itself; closing it is its owner's.
 */
export function connectRedis(login: RedisLogin, logger: Logger): Redis {
  const redis = new Redis({
    ...common(login),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 2000,
  });
  logOutages(redis, logger);
  return redis;
}

/** A connection that only listens; its subscriptions come back by themselves after an outage. */
export function connectSubscriber(login: RedisLogin, logger: Logger): Redis {
  const redis = new Redis({ ...common(login), maxRetriesPerRequest: null });
  logOutages(redis, logger);
  return redis;
}

function common({ socketPath, username, password }: RedisLogin) {
  return {
    path: socketPath,
    username,
    password: password.reveal(),
    connectTimeout: 2000,
    // Redis before 7.2 has no CLIENT SETINFO, and says so in an error.
    disableClientInfo: true,
    retryStrategy: (times: number) => Math.min(100 * times, 2000),
  } satisfies RedisOptions;
}

/** One line when it goes and one when it comes back, not one for each attempt in between. */
function logOutages(redis: Redis, logger: Logger): void {
  let away = false;
  redis.on('error', (error) => {
    if (!away) logger.warn({ err: error }, 'redis is away');
    away = true;
  });
  redis.on('ready', () => {
    if (away) logger.info('redis is back');
    away = false;
  });
}
