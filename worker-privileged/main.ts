// SECURITY. Runs as `sculptor`, without a shell, started by systemd (or Supervisor). It reads /etc/sculptor/agent.json and health.json,
// its secret for the agent's Redis, and the database credential in its home. From Redis it takes ids and nothing
// else; what they mean it reads from MariaDB, where it may end operations and not change what was asked for. It
// changes the server through two doors: the executor (executor-door.ts, a closed table of verbs) and the
// procedures for tenant databases (database-door.ts). It writes no file and starts no program but the executor.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { CONFIG_PATH, loadConfig } from '../runtime/config.ts';
import { readHealthSettings } from '../runtime/health-settings.ts';
import { createLogger } from '../runtime/logger.ts';
import { readSecret, SECRETS_DIRECTORY } from '../runtime/secret.ts';
import { stopOnSignal } from '../runtime/shutdown.ts';
import { giveSignsOfLife } from '../runtime/watchdog.ts';
import { createDatabaseDoor, readDatabaseCredential } from './database-door.ts';
import { createExecutorDoor } from './executor-door.ts';
import { startWorker } from './worker.ts';

const CREDENTIAL_PATH = '/var/lib/sculptor/mariadb.json';

const config = await loadConfig(process.env['SCULPTOR_CONFIG'] ?? CONFIG_PATH);
const secrets = process.env['CREDENTIALS_DIRECTORY'] ?? SECRETS_DIRECTORY;
const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
const logger = createLogger('worker-privileged');
giveSignsOfLife(process.env, logger);
const executor = createExecutorDoor(config);
const door = createDatabaseDoor(await readDatabaseCredential(CREDENTIAL_PATH));

const worker = startWorker({
  config,
  stateLogin: { socketPath: config.mariadbSocket, user: 'sculptor' },
  redisLogin: {
    socketPath: config.redisSocket,
    username: 'worker-privileged',
    password: await readSecret(secrets, 'redis-worker-privileged'),
  },
  executor,
  door,
  version: z.object({ version: z.string() }).parse(JSON.parse(manifest)).version,
  healthSettings: readHealthSettings,
  logger,
});

stopOnSignal({ logger, steps: [worker.stop, executor.close, door.close] });
