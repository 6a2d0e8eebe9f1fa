// SECURITY. Runs as `www-data`, like the API, and may no more than it: it reads the state in MariaDB as the
// account of that name, and puts ids into the agent's Redis. It reads /etc/sculptor/agent.json and its secret for
// Redis. It starts no program, writes no file, and listens to nobody.
import { CONFIG_PATH, loadConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/logger.ts';
import { connectRedis } from '../runtime/redis.ts';
import { repeat } from '../runtime/repeat.ts';
import { readSecret, SECRETS_DIRECTORY } from '../runtime/secret.ts';
import { stopOnSignal } from '../runtime/shutdown.ts';
import { giveSignsOfLife } from '../runtime/watchdog.ts';
import { createWakeUps } from '../runtime/wake-ups.ts';
import { openState } from '../state/connection.ts';
import { createAnnouncer } from './announcer.ts';
import { createHearing } from './hearing.ts';
import { createMonitor } from './monitor.ts';

const LOOK_EVERY_MS = 30_000;
const ANNOUNCE_EVERY_MS = 10_000;
const HEAR_EVERY_MS = 60_000;

const config = await loadConfig(process.env['SCULPTOR_CONFIG'] ?? CONFIG_PATH);
const secrets = process.env['CREDENTIALS_DIRECTORY'] ?? SECRETS_DIRECTORY;
const { server, redisSocket, mariadbSocket } = config;
const logger = createLogger('worker-unprivileged');
giveSignsOfLife(process.env, logger);
const password = await readSecret(secrets, 'redis-worker-unprivileged');
const redis = connectRedis({ socketPath: redisSocket, username: 'worker-unprivileged', password }, logger);
const state = openState({ socketPath: mariadbSocket, user: 'www-data', connections: 2 });
const wakeUps = createWakeUps({ redis, server, logger });
const monitor = createMonitor({ server, state, askRedis: () => redis.ping(), wakeUps, logger });

// Not at once: after a start of the server the others are still on their way.
const looking = repeat(LOOK_EVERY_MS, monitor, LOOK_EVERY_MS);
const announcing = repeat(ANNOUNCE_EVERY_MS, createAnnouncer({ server, state, logger }));
const hearing = repeat(HEAR_EVERY_MS, createHearing({ server, state, logger }), HEAR_EVERY_MS);

stopOnSignal({
  logger,
  steps: [looking.stop, announcing.stop, hearing.stop, wakeUps.close, () => redis.disconnect(), state.close],
});
