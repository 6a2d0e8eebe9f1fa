import { AuditEntry as AuditEntryShape } from '../contract/audit.ts';
import { z } from 'zod';
import { LeftOut, ServedCertificate } from '../contract/certificates.ts';
import { Database as DatabaseShape, DatabaseUser as DatabaseUserShape } from '../contract/databases.ts';
import { Domain as DomainShape } from '../contract/domains.ts';
import { Difference as DifferenceShape, FileDifference as FileDifferenceShape } from '../contract/drift.ts';
import { Alarm as AlarmShape } from '../contract/alarms.ts';
import { HealthPoint, HealthSample, PlaceUse, ServiceState, SiteCheck } from '../contract/health.ts';
import { Operation as OperationShape, OperationStep } from '../contract/operations.ts';
import { Notification as NotificationShape } from '../contract/notifications.ts';
import { FieldError, Problem as ProblemShape } from '../contract/problems.ts';
import {
  Cache as CacheShape,
  Certificate as CertificateShape,
  Cron as CronShape,
  Key as KeyShape,
  Queue as QueueShape,
  Run as RunShape,
} from '../contract/site-parts.ts';
import { ShownOptions } from '../contract/site-options.ts';
import { ProgramProcess } from '../contract/queues.ts';
import { DiskUsage, Plan, Tenant as TenantShape } from '../contract/tenants.ts';
import { Token as TokenShape } from '../contract/tokens.ts';
import { Ban as BanShape, SeenBans } from '../contract/bans.ts';
import {
  PendingUpdates,
  ReplacedPackage,
  ShownUpdates,
  UpdateRun,
  WaitingUpdate,
} from '../contract/updates.ts';
import { TrashItem as TrashItemShape } from '../contract/trash.ts';
import {
  Webhook as WebhookShape,
  WebhookAttempt,
  WebhookDelivery as WebhookDeliveryShape,
} from '../contract/webhooks.ts';

/*
 * What the API answers, as a client reads it: the contract's fields, and fields of a newer server are passed
 * over instead of refused.
 */

const Step = z.object(OperationStep.shape);

export const Operation = z.object({ ...OperationShape.shape, steps: z.array(Step) });
export type Operation = z.infer<typeof Operation>;

const Options = z.object(ShownOptions.shape);
export const Domain = z.object({ ...DomainShape.shape, options: Options });
export type Domain = z.infer<typeof Domain>;

export const Database = z.object(DatabaseShape.shape);
export type Database = z.infer<typeof Database>;

export const DatabaseUser = z.object(DatabaseUserShape.shape);
export type DatabaseUser = z.infer<typeof DatabaseUser>;

export const Cache = z.object(CacheShape.shape);
export type Cache = z.infer<typeof Cache>;

export const Certificate = z.object({
  ...CertificateShape.shape,
  kind: z.string(),
  served: z
    .object({ ...ServedCertificate.shape, kind: z.string(), leftOut: z.array(z.object(LeftOut.shape)) })
    .nullable(),
});
export type Certificate = z.infer<typeof Certificate>;

export const Webhook = z.object({ ...WebhookShape.shape, offBecause: z.string().nullable() });
export type Webhook = z.infer<typeof Webhook>;

const Attempt = z.object({ ...WebhookAttempt.shape, outcome: z.string() });
export const WebhookDelivery = z.object({
  ...WebhookDeliveryShape.shape,
  status: z.string(),
  attempts: z.array(Attempt),
});
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

export const Key = z.object(KeyShape.shape);
export type Key = z.infer<typeof Key>;
export const Tenant = z.object({ ...TenantShape.shape, plan: z.object(Plan.shape) });
export type Tenant = z.infer<typeof Tenant>;

export const TenantUsage = z.object({
  /** One of before has none. */
  disk: z.object(DiskUsage.shape).optional(),
  counts: z.record(z.string(), z.number()),
  plan: z.object(Plan.shape),
});
export type TenantUsage = z.infer<typeof TenantUsage>;

export const Cron = z.object(CronShape.shape);
export type Cron = z.infer<typeof Cron>;

export const Run = z.object(RunShape.shape);
export type Run = z.infer<typeof Run>;

const Words = z.array(z.string());

const Process = z.object({ ...ProgramProcess.shape, state: z.string() });
export const Queue = z.object({
  ...QueueShape.shape,
  command: Words,
  state: z.string(),
  processStates: z.array(Process),
});
export type Queue = z.infer<typeof Queue>;

const Said = z.object({ number: z.number(), lines: Words });
export const QueueOutput = z.object({ output: z.array(Said), observedAt: z.string().nullable() });
export type QueueOutput = z.infer<typeof QueueOutput>;

export const Token = z.object({ ...TokenShape.shape, scopes: Words, addresses: Words });
export type Token = z.infer<typeof Token>;

export const TrashItem = z.object({ ...TrashItemShape.shape, type: z.string() });
export type TrashItem = z.infer<typeof TrashItem>;

const Resource = z.object({ type: z.string(), id: z.string(), name: z.string() });

export const Notification = z.object({
  ...NotificationShape.shape,
  kind: z.string(),
  resource: Resource,
});
export type Notification = z.infer<typeof Notification>;

/** A page of a list. */
export const Page = z.object({ items: z.array(z.unknown()), next: z.string().nullable() });
export type Page = z.infer<typeof Page>;

/** The answer to a write: more of it is the resource, under the noun's own name. */
export const Accepted = z.looseObject({
  operation: z.object({ id: OperationShape.shape.id, status: OperationShape.shape.status }),
  password: z.string().nullish(),
});
export type Accepted = z.infer<typeof Accepted>;

export const Health = z.object({ status: z.string(), checks: z.record(z.string(), z.unknown()).optional() });
export type Health = z.infer<typeof Health>;

export const Problem = z.object({
  ...ProblemShape.shape,
  errors: z.array(z.object(FieldError.shape)).optional(),
  hint: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;

const FileDifference = z.object(FileDifferenceShape.shape);
export const Difference = z.object({ ...DifferenceShape.shape, files: z.array(FileDifference) });
export type Difference = z.infer<typeof Difference>;

const Change = z.object({ kind: z.string(), resource: Resource, differences: z.array(Difference) });
const ToldPlan = z.object({ changes: z.array(Change), left: z.number() });
export type ToldPlan = z.infer<typeof ToldPlan>;
export const PlanOperation = z.object({ plan: ToldPlan.nullable() });

const KeptDrift = z.object({ operation: z.string(), foundAt: z.string(), differences: z.array(Difference) });
export const Drift = z.object({
  ...{
    resource: Resource,
    tenant: z.string(),
    lookedAt: z.string().nullable(),
    since: z.string().nullable(),
  },
  ...{ differences: z.array(Difference), kept: z.array(KeptDrift) },
});
export type Drift = z.infer<typeof Drift>;

export const DriftSummary = z.object({
  ...{
    resource: Resource,
    tenant: z.string(),
    lookedAt: z.string().nullable(),
    since: z.string().nullable(),
  },
  differences: z.array(Difference.omit({ files: true })),
});

const UpdatesRun = z.object({
  ...UpdateRun.shape,
  result: z.string(),
  packages: z.array(z.object(ReplacedPackage.shape)),
});
const Pending = z.object({ ...PendingUpdates.shape, security: z.array(z.object(WaitingUpdate.shape)) });
export const Updates = z.object({
  ...ShownUpdates.shape,
  pending: Pending.nullable(),
  last: UpdatesRun.nullable(),
});
export type Updates = z.infer<typeof Updates>;

export const AuditEntry = z.object(AuditEntryShape.shape);
export type AuditEntry = z.infer<typeof AuditEntry>;

export const ServerHealth = z.object({
  latest: z
    .object({
      ...HealthSample.omit({ places: true, services: true, stateDump: true }).shape,
      places: z.array(z.object(PlaceUse.shape)),
      services: z.array(z.object(ServiceState.shape)),
    })
    .nullable(),
  day: z.array(z.object(HealthPoint.shape)),
});
export type ServerHealth = z.infer<typeof ServerHealth>;

export const AlarmReport = z.object({
  alarms: z.array(z.object({ ...AlarmShape.shape, kind: z.string() })),
  rules: z
    .record(
      z.string(),
      z.object({ threshold: z.number(), rearm: z.number(), minutes: z.number() }).nullable(),
    )
    .nullable(),
});
export type AlarmReport = z.infer<typeof AlarmReport>;

export const SiteChecks = z.object({ latest: z.object(SiteCheck.shape).nullable() });
export type SiteChecks = z.infer<typeof SiteChecks>;

export const Bans = z.object({ ...SeenBans.shape, bans: z.array(z.object(BanShape.shape)) });
export type Bans = z.infer<typeof Bans>;
