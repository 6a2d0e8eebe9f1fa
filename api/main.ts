// SECURITY. Runs as `www-data`, started by systemd (or Supervisor), and faces the network. It reads HTTP from
// whoever nginx lets through and believes none of it: tokens are looked up by their digest, bodies are parsed by
// the schemas of contract/. It touches its own unix socket, MariaDB as an account that reads and inserts and can
// neither update nor delete, and Redis, where it leaves ids. It starts no program, reads no site and holds no
// credential but its own for Redis and the key that secrets of webhooks are derived from; what it asks for is checked
// again by those who do it.
import { CONFIG_PATH, loadConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/logger.ts';
import { readSecret, SECRETS_DIRECTORY } from '../runtime/secret.ts';
import { stopOnSignal } from '../runtime/shutdown.ts';
import { giveSignsOfLife } from '../runtime/watchdog.ts';
import { WEBHOOK_KEY } from '../runtime/webhook-secrets.ts';
import { startApi } from './api.ts';

const config = await loadConfig(process.env['SCULPTOR_CONFIG'] ?? CONFIG_PATH);
const secrets = process.env['CREDENTIALS_DIRECTORY'] ?? SECRETS_DIRECTORY;
const logger = createLogger('api');
giveSignsOfLife(process.env, logger);

const steps = await startApi({
  config,
  stateLogin: { socketPath: config.mariadbSocket, user: 'www-data' },
  redisLogin: {
    socketPath: config.redisSocket,
    username: 'api',
    password: await readSecret(secrets, 'redis-api'),
  },
  webhookKey: await readSecret(secrets, WEBHOOK_KEY),
  logger,
});

stopOnSignal({ logger, steps });
