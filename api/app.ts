import express, { Router } from 'express';
import type { Express } from 'express';
import helmet from 'helmet';
import type { NoteRequest } from './audit-notes.ts';
import { createAuditRouter } from './audit/router.ts';
import type { AuditService } from './audit/service.ts';
import { authenticate } from './authentication.ts';
import type { AuthenticationParts } from './authentication.ts';
import { createCacheRouter } from './caches/router.ts';
import type { CacheService } from './caches/service.ts';
import { createCertificateRouter } from './certificates/router.ts';
import type { CertificateService } from './certificates/service.ts';
import { createRunRouter } from './runs/router.ts';
import type { RunService } from './runs/service.ts';
import { createCronRouter } from './crons/router.ts';
import { createDatabaseUserRouter } from './database-users/router.ts';
import type { DatabaseUserService } from './database-users/service.ts';
import { createDatabaseRouter } from './databases/router.ts';
import type { DatabaseService } from './databases/service.ts';
import { createDomainRouter } from './domains/router.ts';
import type { DomainService } from './domains/service.ts';
import { createDriftRouter } from './drift/router.ts';
import type { DriftService } from './drift/service.ts';
import type { Checks } from './health/checks.ts';
import { createHealthRouter } from './health/router.ts';
import { createKeyRouter } from './keys/router.ts';
import { createQueueRouter } from './queues/router.ts';
import type { QueueService } from './queues/service.ts';
import { createNotificationRouter } from './notifications/router.ts';
import type { NotificationService } from './notifications/service.ts';
import type { Follow } from './operations/follow.ts';
import { createOperationRouter } from './operations/router.ts';
import type { OperationService } from './operations/service.ts';
import { createProblemHandler } from './problem-handler.ts';
import { notFound } from './problems.ts';
import { limitAddresses } from './rate-limits/limits.ts';
import { auditRequests } from './request-audit.ts';
import { logRequests } from './request-log.ts';
import type { HealthService } from './server/health.ts';
import { createServerHealthRouter } from './server/health-router.ts';
import { createBansRouter } from './server/bans-router.ts';
import type { BansService } from './server/bans-service.ts';
import { createServerRouter } from './server/router.ts';
import type { DescribeServer } from './server/router.ts';
import { createUpdatesRouter } from './server/updates-router.ts';
import type { UpdatesService } from './server/updates-service.ts';
import type { PartService } from './site-parts/service.ts';
import { createTenantRouter } from './tenants/router.ts';
import type { TenantService } from './tenants/service.ts';
import { createTokenRouter } from './tokens/router.ts';
import type { TokenService } from './tokens/service.ts';
import { createTrashRouter } from './trash/router.ts';
import type { TrashService } from './trash/service.ts';
import { createWebhookRouter } from './webhooks/router.ts';
import type { WebhookService } from './webhooks/service.ts';

/** All that the API is made of; each part can be another in a test. */
export interface AppParts extends AuthenticationParts {
  /** The server's own name, which nobody's domain may be. */
  readonly serverName: string;
  readonly noteRequest: NoteRequest;
  readonly audit: AuditService;
  readonly checks: Checks;
  readonly describeServer: DescribeServer;
  readonly updates: UpdatesService;
  readonly bans: BansService;
  readonly health: HealthService;
  readonly domains: DomainService;
  readonly keys: PartService<'key'>;
  readonly caches: CacheService;
  readonly certificates: CertificateService;
  readonly crons: PartService<'cron'>;
  readonly runs: RunService;
  readonly queues: QueueService;
  readonly databases: DatabaseService;
  readonly databaseUsers: DatabaseUserService;
  readonly operations: OperationService;
  readonly tenants: TenantService;
  readonly tokens: TokenService;
  readonly trash: TrashService;
  readonly drift: DriftService;
  readonly notifications: NotificationService;
  readonly webhooks: WebhookService;
  readonly follow: Follow;
}

/** The whole of the HTTP API. What is below `/v1` asks for a token before anything else, health excepted. */
export function createApp(parts: AppParts): Express {
  const { logger } = parts;
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.enable('case sensitive routing').enable('strict routing');
  app.set('query parser', 'simple');
  // Nothing of Express's own reads a forwarded header; who asked, caller.ts says.
  app.set('trust proxy', false);
  app.use(logRequests(logger), auditRequests(parts.noteRequest));
  app.use(helmet());
  app.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  app.use(
    '/v1',
    limitAddresses(parts.limits),
    createHealthRouter(parts.checks),
    createProtectedRouter(parts),
  );
  app.use(() => {
    throw notFound('address like this');
  });
  app.use(createProblemHandler(logger));
  return app;
}

function createProtectedRouter(parts: AppParts): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.use(authenticate(parts));
  // Each names its whole address below /v1: a router at a path of its own would take it with a final slash too.
  router.use(createDomainRouter(parts.domains, parts.serverName));
  router.use(createKeyRouter(parts.keys));
  router.use(createCacheRouter(parts.caches));
  router.use(createCertificateRouter(parts.certificates));
  router.use(createCronRouter(parts.crons));
  router.use(createRunRouter(parts.runs));
  router.use(createQueueRouter(parts.queues));
  router.use(createDatabaseRouter(parts.databases));
  router.use(createDatabaseUserRouter(parts.databaseUsers));
  router.use(createOperationRouter(parts.operations, parts.follow));
  router.use(createTenantRouter(parts.tenants));
  router.use(createTokenRouter(parts.tokens));
  router.use(createTrashRouter(parts.trash));
  router.use(createDriftRouter(parts.drift));
  router.use(createNotificationRouter(parts.notifications));
  router.use(createWebhookRouter(parts.webhooks));
  router.use(createAuditRouter(parts.audit));
  router.use(createServerRouter(parts.describeServer));
  router.use(createUpdatesRouter(parts.updates));
  router.use(createBansRouter(parts.bans));
  router.use(createServerHealthRouter(parts.health));
  return router;
}
