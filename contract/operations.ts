import { z } from 'zod';
import { Failure } from './failures.ts';
import { Generation, OperationId, ServerId, TenantId } from './ids.ts';

/**
 * Every kind of operation there is, with the type of the resource it acts on. The worker's table of handlers
 * is mapped over these keys, so that a kind without a handler does not compile.
 */
export const OPERATION_RESOURCES = {
  'domain.create': 'domain',
  'domain.update': 'domain',
  'domain.delete': 'domain',
  'domain.restore': 'domain',
  'domain.move': 'domain',
  'domain.drift': 'domain',
  'domain.repair': 'domain',
  'database.create': 'database',
  'database.update': 'database',
  'database.delete': 'database',
  'database.restore': 'database',
  'database.drift': 'database',
  'database.repair': 'database',
  'databaseUser.create': 'databaseUser',
  'databaseUser.update': 'databaseUser',
  'databaseUser.rotate': 'databaseUser',
  'databaseUser.delete': 'databaseUser',
  'key.create': 'key',
  'key.delete': 'key',
  'cache.create': 'cache',
  'cache.update': 'cache',
  'cache.rotate': 'cache',
  'cache.delete': 'cache',
  'certificate.create': 'certificate',
  'certificate.update': 'certificate',
  'certificate.renew': 'certificate',
  'certificate.delete': 'certificate',
  'tenant.create': 'tenant',
  'tenant.update': 'tenant',
  'tenant.suspend': 'tenant',
  'tenant.resume': 'tenant',
  'tenant.delete': 'tenant',
  'tenant.restore': 'tenant',
  'tenant.drift': 'tenant',
  'tenant.repair': 'tenant',
  'cron.create': 'cron',
  'cron.update': 'cron',
  'cron.run': 'cron',
  'cron.delete': 'cron',
  'run.create': 'run',
  'queue.create': 'queue',
  'queue.update': 'queue',
  'queue.start': 'queue',
  'queue.stop': 'queue',
  'queue.restart': 'queue',
  'queue.delete': 'queue',
  // What is asked of the server itself.
  'update.install': 'update',
  'address.ban': 'address',
  'address.unban': 'address',
  // What another would change, told beforehand.
  'change.plan': 'change',
} as const;

export type OperationKind = keyof typeof OPERATION_RESOURCES;
export const OperationKind = z.enum(Object.keys(OPERATION_RESOURCES) as [OperationKind, ...OperationKind[]]);

/**
 * Whether it is about what stands, and asks for nothing new: it has the version that stands, and brings about none. Whether
 * something has drifted, and that it is as it was again.
 */
export function isOfWhatStands(kind: string): boolean {
  return kind.endsWith('.drift') || kind.endsWith('.repair');
}

/** Nothing stands afterwards that did not before: what it is about is left as it was, however it ends. */
export function bringsAboutNothing(kind: string): boolean {
  return kind === 'change.plan' || isOfServer(kind) || isOfWhatStands(kind);
}

/** Asked of the server itself, which is no resource of anybody's. */
function isOfServer(kind: string): boolean {
  return kind === 'update.install' || kind.startsWith('address.');
}

/** Whether it ends where an hour has no room for it, instead of being held back: others would wait behind it. */
export function endsWithoutRoom(kind: string): boolean {
  return kind === 'address.ban' || isOfWhatStands(kind);
}

export const ResourceType = z.enum([
  'domain',
  'database',
  'databaseUser',
  'key',
  'queue',
  'cache',
  'certificate',
  'cron',
  'run',
  'tenant',
  'update',
  'address',
  'change',
]);
export type ResourceType = z.infer<typeof ResourceType>;

export const OperationStatus = z.enum([
  'queued',
  'running',
  'succeeded',
  'failed',
  'superseded',
  'cancelled',
]);
export type OperationStatus = z.infer<typeof OperationStatus>;

/** The states an operation does not leave. */
export const ENDED: ReadonlySet<OperationStatus> = new Set([
  'succeeded',
  'failed',
  'superseded',
  'cancelled',
]);

/** One line of an operation's story. `changed` is false where the server was as asked already. */
export const OperationStep = z.strictObject({
  name: z.string().max(100),
  status: z.enum(['succeeded', 'failed', 'undone']),
  changed: z.boolean(),
  durationMs: z.number().min(0),
});
export type OperationStep = z.infer<typeof OperationStep>;

export const Operation = z.strictObject({
  id: OperationId,
  kind: OperationKind,
  status: OperationStatus,
  resource: z.strictObject({ type: ResourceType, id: z.string(), name: z.string() }),
  generation: Generation,
  tenant: TenantId,
  server: ServerId,
  steps: z.array(OperationStep),
  error: Failure.nullable(),
  attempt: z.int().min(0),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
});
export type Operation = z.infer<typeof Operation>;

/** All that Redis ever carries: an id. What it means is read from the database. */
export const WakeUp = z.strictObject({ operationId: OperationId });
export type WakeUp = z.infer<typeof WakeUp>;

/** The name of every job in the queue. */
export const WAKE_UP = 'wake';

/** Queue names may hold no `:`. */
export function privilegedQueue(server: ServerId): string {
  return `privileged-${server}`;
}

/** The prefix of every key and channel in the agent's Redis. */
export const REDIS_PREFIX = 'sculptor';

/** Where the worker says that an operation has moved on; the message is the operation's id. */
export const OPERATION_CHANNEL = `${REDIS_PREFIX}:operations`;
