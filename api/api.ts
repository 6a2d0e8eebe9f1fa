import type { Config } from '../runtime/config.ts';
import type { Logger } from '../runtime/logger.ts';
import { networksIn } from '../runtime/outward-addresses.ts';
import { connectRedis, connectSubscriber } from '../runtime/redis.ts';
import type { RedisLogin } from '../runtime/redis.ts';
import type { Secret } from '../runtime/secret.ts';
import { createWakeUps } from '../runtime/wake-ups.ts';
import { insertAudits } from '../state/audit.ts';
import { openState } from '../state/connection.ts';
import type { State, StateLogin } from '../state/connection.ts';
import { findTenant } from '../state/tenants.ts';
import { insertUse } from '../state/token-rows.ts';
import { findToken, findTokenByText } from '../state/tokens.ts';
import { createApp } from './app.ts';
import type { AppParts } from './app.ts';
import { createAuditNotes } from './audit-notes.ts';
import { createAuditService } from './audit/service.ts';
import { createDatabaseUserService } from './database-users/service.ts';
import { createDatabaseService } from './databases/service.ts';
import { createCronService } from './crons/service.ts';
import { createRunService } from './runs/service.ts';
import { createDomainService } from './domains/service.ts';
import { createCacheService } from './caches/service.ts';
import { createCertificateService } from './certificates/service.ts';
import { createChecks } from './health/checks.ts';
import { asSeenHere, closeServer, createHttpServer, listenOnPort, listenOnSocket } from './http-server.ts';
import { createKeyService } from './keys/service.ts';
import { createQueueService } from './queues/service.ts';
import { createFollower } from './operations/follow.ts';
import { createNews } from './operations/news.ts';
import { createNotificationService } from './notifications/service.ts';
import { createOperationService } from './operations/service.ts';
import { createCounter } from './rate-limits/counter.ts';
import { createRateLimits } from './rate-limits/limits.ts';
import type { LimitSettings } from './rate-limits/limits.ts';
import { createBansService } from './server/bans-service.ts';
import { createHealthService } from './server/health.ts';
import { readDatabasesFact, readPhpFact } from './server/facts.ts';
import { createUpdatesService } from './server/updates-service.ts';
import { admit } from './tenants/admission.ts';
import { createTenantService } from './tenants/service.ts';
import { createLastUse } from './tokens/last-use.ts';
import { createTokenService } from './tokens/service.ts';
import { createTrashService } from './trash/service.ts';
import { createWebhookService } from './webhooks/service.ts';
import { createQueueRoom } from './queue-room.ts';
import type { QueueSettings } from './queue-room.ts';
import { createDriftService } from './drift/service.ts';
import { createWriter } from './writer.ts';
import type { Write } from './writer.ts';

export interface ApiParts {
  readonly config: Pick<
    Config,
    | 'server'
    | 'serverName'
    | 'apiSocket'
    | 'apiPort'
    | 'mysqlSocket'
    | 'sealKey'
    | 'webhookNetworks'
    | 'panelAddresses'
  > &
    LimitSettings &
    QueueSettings;
  readonly stateLogin: StateLogin;
  readonly redisLogin: RedisLogin;
  readonly webhookKey: Secret;
  readonly logger: Logger;
}

/** What stops the API, in this order: no new requests, the answers that are under way, the connections. */
export type StopSteps = readonly (() => unknown)[];

/** Builds the API and listens. Neither MariaDB nor Redis has to be there yet. */
export async function startApi(parts: ApiParts): Promise<StopSteps> {
  const { config, stateLogin, redisLogin, webhookKey, logger } = parts;
  const state = openState(stateLogin);
  const redis = connectRedis(redisLogin, logger);
  const subscriber = connectSubscriber(redisLogin, logger);
  const wakeUps = createWakeUps({ redis, server: config.server, logger });
  const follower = createFollower({
    news: createNews(subscriber, logger),
    isActive: async (id) => (await findToken(state, 'all', id))?.token.status === 'active',
  });
  const requireRoomInQueue = createQueueRoom(config);
  const notes = createAuditNotes({ insert: (lines) => insertAudits(state, lines), logger });
  const app = createApp({
    ...createServices({
      ...{ config, state, webhookKey },
      write: createWriter({ state, wakeUps, admit, requireRoomInQueue }),
    }),
    logger,
    serverName: config.serverName,
    findToken: (text) => findTokenByText(state, text),
    isTenant: async (id) => (await findTenant(state, id)) !== undefined,
    noteUse: createLastUse({ insert: (id, address) => insertUse(state, id, address), logger }),
    limits: createRateLimits(config, createCounter({ redis, logger })),
    noteRequest: notes.note,
    checks: createChecks({ state, redis, server: config.server }),
    follow: follower.follow,
  });
  const onSocket = createHttpServer(app);
  const onPort = createHttpServer(asSeenHere(app));
  await listenOnSocket(onSocket, config.apiSocket);
  if (config.apiPort !== null) await listenOnPort(onPort, config.apiPort);
  logger.info({ socket: config.apiSocket, port: config.apiPort }, 'listening');
  const closeServers = (): Promise<unknown> => {
    follower.close();
    return Promise.all([closeServer(onSocket), closeServer(onPort)]);
  };
  const closeRedis = (): void => [redis, subscriber].forEach((connection) => connection.disconnect());
  return [closeServers, notes.close, wakeUps.close, closeRedis, state.close];
}

interface ServicesParts {
  readonly config: Pick<
    Config,
    'server' | 'serverName' | 'mysqlSocket' | 'sealKey' | 'webhookNetworks' | 'panelAddresses'
  >;
  readonly webhookKey: Secret;
  readonly state: State;
  readonly write: Write;
}

type Services = Pick<
  AppParts,
  | 'domains'
  | 'keys'
  | 'caches'
  | 'certificates'
  | 'crons'
  | 'runs'
  | 'queues'
  | 'databases'
  | 'databaseUsers'
  | 'operations'
  | 'tenants'
  | 'tokens'
  | 'trash'
  | 'drift'
  | 'notifications'
  | 'webhooks'
  | 'audit'
  | 'describeServer'
  | 'updates'
  | 'bans'
  | 'health'
>;

function createServices({ config, state, write, webhookKey: key }: ServicesParts): Services {
  const { server, serverName, mysqlSocket, sealKey } = config;
  const databaseServer = mysqlSocket === null ? 'mariadb' : 'mysql';
  return {
    domains: createDomainService({ state, write, server }),
    caches: createCacheService({ state, write, server }),
    certificates: createCertificateService({ state, write, server, sealKey }),
    keys: createKeyService({ state, write, server }),
    crons: createCronService({ state, write, server }),
    runs: createRunService({ state, write, server }),
    queues: createQueueService({ state, write, server }),
    databases: createDatabaseService({ state, write, server }),
    databaseUsers: createDatabaseUserService({ state, write, server, databaseServer }),
    operations: createOperationService({ state, write }),
    tenants: createTenantService({ state, write, server }),
    tokens: createTokenService(state),
    trash: createTrashService(state),
    drift: createDriftService({ state, write, server }),
    notifications: createNotificationService(state),
    webhooks: createWebhookService({ state, server, key, networks: networksIn(config.webhookNetworks) }),
    audit: createAuditService(state),
    bans: createBansService({ state, write, server, panelAddresses: config.panelAddresses }),
    updates: createUpdatesService({ state, write, server, serverName }),
    health: createHealthService(state, server),
    describeServer: async () => {
      const { versions, default: newest } = await readPhpFact(state, server);
      const databases = await readDatabasesFact(state, server);
      return { id: server, name: serverName, phpVersions: versions, defaultPhpVersion: newest, ...databases };
    },
  };
}
