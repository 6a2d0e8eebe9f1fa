import { z } from 'zod';
import { OperationId, ServerId, TenantId, WebhookId } from './ids.ts';
import { NotificationKind } from './notifications.ts';
import { ENDED, OperationKind, OperationStatus, ResourceType } from './operations.ts';

/** What a webhook is told of: that an operation ended, and whatever becomes a notification. */
export const EVENT_TYPES: readonly string[] = [
  ...[...ENDED].map(typeOfEnd),
  ...NotificationKind.options.map(typeOfKind),
];

export function typeOfEnd(status: OperationStatus): string {
  return `operation.${status}`;
}

export function typeOfKind(kind: NotificationKind): string {
  return kind === 'updated' ? 'system.updated' : `notification.${kind}`;
}

/** Sent to one webhook, when somebody asks for it. */
export const TEST_TYPE = 'webhook.test';

/** A type of events, all of a family as `operation.*`, or all as `*`. */
export const EventPattern = z
  .string()
  .max(60)
  .refine(isPattern, `*, or one of ${[...families(), ...EVENT_TYPES].join(', ')}`);
export type EventPattern = z.infer<typeof EventPattern>;

function families(): string[] {
  return [...new Set(EVENT_TYPES.map((type) => `${type.split('.')[0] ?? ''}.*`))];
}

function isPattern(text: string): boolean {
  return text === '*' || EVENT_TYPES.includes(text) || families().includes(text);
}

export function isMeant(patterns: readonly string[], type: string): boolean {
  return patterns.some(
    (pattern) => pattern === '*' || pattern === type || pattern === `${type.split('.')[0] ?? ''}.*`,
  );
}

/**
 * Where events are sent, in the one form that URLs have. https on its own port or on one from 1024 on: below that stand the
 * services that every server has, and the beginning of a TLS connection is not for them. Which addresses may be behind
 * it is asked where it is sent to.
 */
export const WebhookUrl = z
  .string()
  .min(1)
  .max(2000)
  .regex(/^[\x21-\x7e]+$/, 'a URL in printable ASCII')
  .transform((text, context) => {
    const url = URL.parse(text);
    const fault = url === null ? 'a URL such as https://panel.example/events' : faultOf(url);
    if (url !== null && fault === undefined) return url.href;
    context.addIssue(fault ?? 'a URL');
    return z.NEVER;
  })
  .pipe(z.string().max(2000));
export type WebhookUrl = z.infer<typeof WebhookUrl>;

function faultOf({ protocol, username, password, hash, port }: URL): string | undefined {
  if (protocol !== 'https:' && protocol !== 'http:') return 'a URL that begins with https://';
  if (username !== '' || password !== '') return 'a URL without a user or a password before its host';
  if (hash !== '') return 'a URL without a # and what follows it';
  if (port !== '' && Number(port) < 1024) return 'a URL without a port, or with one from 1024 to 65535';
  return undefined;
}

const description = z.string().regex(/^[\x20-\x7e]{0,200}$/, 'up to 200 printable characters of ASCII');
const events = z
  .array(EventPattern)
  .min(1)
  .max(EVENT_TYPES.length)
  .refine((all) => new Set(all).size === all.length, 'each pattern once');

export const CreateWebhook = z.strictObject({
  url: WebhookUrl,
  events: events.default(['*']),
  description: description.default(''),
});
export type CreateWebhook = z.infer<typeof CreateWebhook>;

export const UpdateWebhook = z.strictObject({
  url: WebhookUrl.optional(),
  events: events.optional(),
  description: description.optional(),
  enabled: z.boolean().optional(),
});
export type UpdateWebhook = z.infer<typeof UpdateWebhook>;

/** A webhook as it stands; its secret is in the answer that made it, and nowhere else. */
export const Webhook = z.strictObject({
  id: WebhookId,
  /** Whose events it is sent; null for those of all tenants and of the server. */
  tenant: TenantId.nullable(),
  server: ServerId,
  url: z.string(),
  events: z.array(z.string()),
  description: z.string(),
  enabled: z.boolean(),
  /**
   * `gone`: its receiver answered 410, which says that it wants no more. `restored`: the state was put back to a dump, and nobody
   * knows whether there was it still; its secret is another.
   */
  offBecause: z.enum(['asked', 'gone', 'restored']).nullable(),
  /** Until when what is sent is signed with the secret before the last rotation too. */
  formerSecretUntil: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Webhook = z.infer<typeof Webhook>;

/**
 * How an attempt went. `delivered`: answered with 2xx. `answered`: with anything else. `redirected`: with 3xx, which is not followed. `gone`:
 * with 410. `late`: not in time. `unreachable`: no such name, or no connection. `untrusted`: its certificate is not
 * good. `refused`: the address is none that is sent to. `off`: the webhook was switched off or deleted meanwhile. `too_many`: more wait for it than are kept.
 */
export const AttemptOutcome = z.enum([
  'delivered',
  'answered',
  'redirected',
  'gone',
  'late',
  'unreachable',
  'untrusted',
  'refused',
  'off',
  'too_many',
]);
export type AttemptOutcome = z.infer<typeof AttemptOutcome>;

export const WebhookAttempt = z.strictObject({
  at: z.iso.datetime(),
  outcome: AttemptOutcome,
  httpStatus: z.int().nullable(),
  durationMs: z.int().min(0),
});
export type WebhookAttempt = z.infer<typeof WebhookAttempt>;

export const DeliveryId = z.int().min(1);

/** One event on its way to one webhook. What is sent again by hand is a delivery of its own. */
export const WebhookDelivery = z.strictObject({
  id: DeliveryId,
  webhook: WebhookId,
  /** The `webhook-id` that it is sent with. */
  event: z.string(),
  type: z.string(),
  status: z.enum(['waiting', 'delivered', 'failed']),
  attempts: z.array(WebhookAttempt),
  nextAttemptAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
});
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

const about = { tenant: TenantId.nullable(), server: ServerId };

/** The body of what is sent: what happened, by ids and in a sentence. Steps and differences are read from the API. */
export const WebhookEvent = z.union([
  z.strictObject({
    type: z.string(),
    timestamp: z.iso.datetime(),
    data: z.strictObject({
      operation: OperationId,
      kind: OperationKind,
      status: OperationStatus,
      error: z.string().max(60).nullable(),
      resource: z.strictObject({ type: ResourceType, id: z.string().max(60), name: z.string().max(253) }),
      ...about,
    }),
  }),
  z.strictObject({
    type: z.string(),
    timestamp: z.iso.datetime(),
    data: z.strictObject({
      notification: z.int().min(1),
      kind: NotificationKind,
      operation: OperationId.nullable(),
      resource: z.strictObject({
        type: z.string().max(60),
        id: z.string().max(60),
        name: z.string().max(253),
      }),
      message: z.string().max(500),
      ...about,
    }),
  }),
  z.strictObject({
    type: z.literal(TEST_TYPE),
    timestamp: z.iso.datetime(),
    data: z.strictObject({ webhook: WebhookId, ...about }),
  }),
]);
export type WebhookEvent = z.infer<typeof WebhookEvent>;
