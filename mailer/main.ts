// SECURITY. Runs as `sculptor-mail`, and is the one process that knows the password of the mail host. It reads
// messages from the programs of sites, each through a socket that only that site's user reaches, and takes them for
// an attacker's: who wrote one is the socket that it came through, never what it says. Through one more it hears from
// www-data what happened on the server, and writes of it to whom root's file names. It reads /etc/sculptor/agent.json
// and what root set in /etc/sculptor/mail, keeps messages and counts below /var/lib/sculptor-mail, and connects to the host that root set, over TLS with a verified certificate. It starts no
// program, sees no site's files, no MariaDB and no Redis, and logs neither texts nor the password.
import { join } from 'node:path';
import { CONFIG_PATH, loadConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/logger.ts';
import { repeat } from '../runtime/repeat.ts';
import { stopOnSignal } from '../runtime/shutdown.ts';
import { giveSignsOfLife } from '../runtime/watchdog.ts';
import { createAcceptance } from './acceptance.ts';
import { createDelivery } from './delivery.ts';
import { createDoors } from './doors.ts';
import { createHostWatch } from './host-watch.ts';
import { createHourly } from './hourly.ts';
import { createNoticeReception } from './notice-reception.ts';
import { readNoticeSettings } from './notice-settings.ts';
import { createNotices } from './notices.ts';
import { createReception } from './reception.ts';
import { createSaySeldom } from './say-seldom.ts';
import { readSettings } from './settings.ts';
import { createSpool } from './spool.ts';
import { createSubmit } from './submission.ts';
import { loadTold } from './told.ts';

const HOME = '/var/lib/sculptor-mail';
const ROUND_EVERY_MS = 1_000;

const { serverName } = await loadConfig(process.env['SCULPTOR_CONFIG'] ?? CONFIG_PATH);
const logger = createLogger('mailer');
giveSignsOfLife(process.env, logger);
process.umask(0o077);
const spool = createSpool(join(HOME, 'spool'));
const delivery = createDelivery({
  spool,
  submit: createSubmit(serverName),
  settings: readSettings,
  host: createHostWatch(logger),
  isOpen: (site) => doors.isOpen(site),
  logger,
});
const hourly = createHourly(join(HOME, 'counts'));
const acceptance = createAcceptance({
  settings: readSettings,
  serverName,
  hourly,
  spool,
  delivery,
  folder: join(HOME, 'spool'),
});
const sayRefused = createSaySeldom(logger);
const reception = createReception({
  acceptance,
  siteOf: (connection) => doors.siteOf(connection),
  sayRefused,
  logger,
});
const notices = createNotices({
  settings: readSettings,
  recipients: readNoticeSettings,
  ...{ serverName, hourly, spool, delivery },
  told: await loadTold(join(HOME, 'told')),
});
const noticeReception = createNoticeReception({ notices, sayRefused, logger });
// Before there is a way in: what is asked for again meanwhile is known by its keys.
const { waiting, broken } = await spool.load();
await notices.found(waiting);
const doors = createDoors({
  folder: join(HOME, 'sites'),
  uid: process.getuid?.() ?? -1,
  welcome: (connection, sender) =>
    void (sender === 'agent' ? noticeReception : reception).emit('connection', connection),
  logger,
});
if (broken.length > 0) logger.error({ files: broken }, 'what lies in the spool cannot be read');
for (const one of waiting) delivery.add(one);
const sending = repeat(ROUND_EVERY_MS, delivery.round);
logger.info({ waiting: waiting.length }, 'mail is taken');

stopOnSignal({ logger, steps: [sending.stop, delivery.stop, doors.close] });
