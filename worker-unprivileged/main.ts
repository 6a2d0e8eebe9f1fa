// SECURITY. Runs as `www-data`, like the API, and may no more than it: it reads the state in MariaDB as the
// account of that name, inserts what it has sent to webhooks and had the mailer told of, and puts ids into the agent's
// Redis. It reads /etc/sculptor/agent.json, its secret for Redis, and the key that secrets of webhooks are derived from. It
// connects to the mailer, which alone knows to whom letters go and by what login, and to where webhooks lead, of which
// resolving.ts says what is refused. It starts no program, writes no file, and listens to nobody.
import { CONFIG_PATH, loadConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/logger.ts';
import { networksIn, ownAddresses } from '../runtime/outward-addresses.ts';
import { connectRedis } from '../runtime/redis.ts';
import { repeat } from '../runtime/repeat.ts';
import { readSecret, SECRETS_DIRECTORY } from '../runtime/secret.ts';
import { stopOnSignal } from '../runtime/shutdown.ts';
import { giveSignsOfLife } from '../runtime/watchdog.ts';
import { createWakeUps } from '../runtime/wake-ups.ts';
import { WEBHOOK_KEY } from '../runtime/webhook-secrets.ts';
import { openState } from '../state/connection.ts';
import { createAnnouncer } from './announcer.ts';
import { createHearing } from './hearing.ts';
import { createCollecting } from './collecting.ts';
import { createDelivering } from './delivering.ts';
import { createMailerDoor } from './mailer-door.ts';
import { createMailing } from './mailing.ts';
import { createMonitor } from './monitor.ts';
import { createPost } from './posting.ts';
import { createResolving } from './resolving.ts';
import { createTrust } from './trust.ts';

const LOOK_EVERY_MS = 30_000;
const ANNOUNCE_EVERY_MS = 10_000;
const HEAR_EVERY_MS = 60_000;
const DELIVER_EVERY_MS = 1000;
const MAIL_EVERY_MS = 2000;

const config = await loadConfig(process.env['SCULPTOR_CONFIG'] ?? CONFIG_PATH);
const secrets = process.env['CREDENTIALS_DIRECTORY'] ?? SECRETS_DIRECTORY;
const { server, redisSocket, mariadbSocket } = config;
const logger = createLogger('worker-unprivileged');
giveSignsOfLife(process.env, logger);
const password = await readSecret(secrets, 'redis-worker-unprivileged');
const redis = connectRedis({ socketPath: redisSocket, username: 'worker-unprivileged', password }, logger);
const state = openState({ socketPath: mariadbSocket, user: 'www-data', connections: 6 });
const wakeUps = createWakeUps({ redis, server, logger });
const monitor = createMonitor({ server, state, askRedis: () => redis.ping(), wakeUps, logger });
const collect = createCollecting({ server, state, logger });
const resolve = createResolving({ networks: networksIn(config.webhookNetworks), ownAddresses });
const post = createPost({ resolve, trust: createTrust() });
const key = await readSecret(secrets, WEBHOOK_KEY);
const delivering = createDelivering({ server, state, key, post, logger });

// Not at once: after a start of the server the others are still on their way.
const looking = repeat(LOOK_EVERY_MS, monitor, LOOK_EVERY_MS);
const announcing = repeat(ANNOUNCE_EVERY_MS, createAnnouncer({ server, state, logger }));
const hearing = repeat(HEAR_EVERY_MS, createHearing({ server, state, logger }), HEAR_EVERY_MS);
const sending = repeat(DELIVER_EVERY_MS, () => collect().then(delivering.once));
const mailing = repeat(MAIL_EVERY_MS, createMailing({ server, state, mailer: createMailerDoor(), logger }));

stopOnSignal({
  logger,
  steps: [
    ...[looking.stop, announcing.stop, hearing.stop, sending.stop, mailing.stop, delivering.stop],
    ...[wakeUps.close, () => redis.disconnect(), state.close],
  ],
});
