import { WebhookId } from '../../contract/ids.ts';
import type { ServerId, TenantId } from '../../contract/ids.ts';
import type { AddressRange } from '../../contract/tokens.ts';
import { TEST_TYPE } from '../../contract/webhooks.ts';
import type { CreateWebhook, UpdateWebhook, Webhook, WebhookDelivery } from '../../contract/webhooks.ts';
import type { Secret } from '../../runtime/secret.ts';
import { webhookSecret } from '../../runtime/webhook-secrets.ts';
import { faultOfTarget } from '../../runtime/webhook-targets.ts';
import type { Sql, State } from '../../state/connection.ts';
import { newId } from '../../state/new-ids.ts';
import { lockTenant } from '../../state/tenants.ts';
import { findDelivery, listDeliveries, newestSending } from '../../state/webhook-deliveries.ts';
import type { DeliveryFilter } from '../../state/webhook-deliveries.ts';
import { insertDelivery, insertEvent } from '../../state/webhook-events.ts';
import {
  findWebhook,
  insertWebhookVersion,
  isUnchanged,
  listWebhooks,
  nextVersion,
} from '../../state/webhooks.ts';
import type { WebhookFilter, WebhookRecord, WebhookView } from '../../state/webhooks.ts';
import { viewOf } from '../caller.ts';
import type { Caller } from '../caller.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';
import { invalidInput, notFound } from '../problems.ts';
import { admit } from '../tenants/admission.ts';
import type { WriteContext } from '../write-context.ts';
import { writeOnce } from '../write-once.ts';
import type { OnceAnswer, Outcome } from '../write-once.ts';
import { requireFewAskedFor, requireFewChanges, requireRoom } from './limits.ts';

/** What can be asked for about webhooks. All throw ProblemErrors. */
export interface WebhookService {
  readonly list: (caller: Caller, filter: WebhookFilter) => Promise<Page<Webhook>>;
  readonly read: (caller: Caller, id: WebhookId) => Promise<Webhook>;
  /** The answer holds the secret, this once. */
  readonly create: (context: WriteContext, wanted: CreateWebhook) => Promise<OnceAnswer>;
  readonly update: (context: WriteContext, id: WebhookId, change: UpdateWebhook) => Promise<OnceAnswer>;
  readonly remove: (context: WriteContext, id: WebhookId) => Promise<OnceAnswer>;
  /** The answer holds the new secret, this once; the former one is good for another day. */
  readonly rotate: (context: WriteContext, id: WebhookId) => Promise<OnceAnswer>;
  readonly test: (context: WriteContext, id: WebhookId) => Promise<OnceAnswer>;
  /** The newest first. */
  readonly deliveries: (
    caller: Caller,
    id: WebhookId,
    filter: DeliveryFilter,
  ) => Promise<Page<WebhookDelivery>>;
  readonly delivery: (caller: Caller, id: WebhookId, delivery: number) => Promise<WebhookDelivery>;
  readonly resend: (context: WriteContext, id: WebhookId, delivery: number) => Promise<OnceAnswer>;
}

export interface WebhookServiceParts {
  readonly state: State;
  readonly server: ServerId;
  readonly key: Secret;
  readonly networks: readonly AddressRange[];
}

interface Changing {
  readonly action: string;
  readonly id: WebhookId;
  readonly once?: (record: WebhookRecord) => Outcome['once'];
}

export function createWebhookService({ state, server, key, networks }: WebhookServiceParts): WebhookService {
  /** Writes the next version of a webhook, where it is another. */
  const change = (
    context: WriteContext,
    { action, id, once }: Changing,
    of: (record: WebhookRecord) => Parameters<typeof nextVersion>[1],
  ): Promise<OnceAnswer> =>
    writeOnce(state, { context, action }, async (sql) => {
      const record = await findOwn(sql, context, id);
      const next = nextVersion(record, of(record));
      if (!isUnchanged(record, next)) {
        await requireFewChanges(sql, id);
        await insertWebhookVersion(sql, next);
      }
      const after = await find(sql, 'all', id);
      const shown = once?.(after);
      const body = { webhook: after.webhook };
      return { operationId: null, resource: id, body, ...(shown === undefined ? {} : { once: shown }) };
    });
  const secretOnce = ({ webhook, secretNumber }: WebhookRecord): Outcome['once'] => ({
    shown: { secret: webhookSecret(key, webhook.id, secretNumber).reveal() },
    kept: { secret: null, note: NOTE },
  });
  return {
    list: async (caller, { after, limit }) => {
      const found = await listWebhooks(state, viewOf(caller), { after, limit: limit + 1 });
      const { items, next } = toPage(found, limit, ({ id }) => id);
      return { items: items.flatMap(({ webhook }) => webhook ?? []), next };
    },
    read: async (caller, id) => (await find(state, viewOf(caller), id)).webhook,
    create: (context, wanted) =>
      writeOnce(state, { context, action: 'webhook.create' }, async (sql) => {
        requireTarget(wanted.url, networks);
        const tenant = tenantOf(context.caller);
        await admit(sql, context.caller, 'webhook.write');
        await requireRoom(sql, context.caller, tenant);
        const id = WebhookId.parse(newId(12));
        const first = { generation: 1, secretNumber: 1, offBecause: null };
        await insertWebhookVersion(sql, { id, tenant, server, ...wanted, ...first });
        const record = await find(sql, 'all', id);
        const once = secretOnce(record);
        return { operationId: null, resource: id, body: { webhook: record.webhook }, ...(once && { once }) };
      }),
    update: (context, id, { enabled, ...wanted }) => {
      if (wanted.url !== undefined) requireTarget(wanted.url, networks);
      const changed = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
      return change(context, { action: 'webhook.update', id }, ({ webhook }) => ({
        ...changed,
        ...(enabled === undefined ? {} : { offBecause: enabled ? null : (webhook.offBecause ?? 'asked') }),
      }));
    },
    remove: (context, id) =>
      writeOnce(state, { context, action: 'webhook.delete' }, async (sql) => {
        const record = await findOwn(sql, context, id);
        await insertWebhookVersion(sql, nextVersion(record, { offBecause: 'asked', deleted: true }));
        return { operationId: null, resource: id, body: { webhook: { ...record.webhook, enabled: false } } };
      }),
    rotate: (context, id) =>
      change(context, { action: 'webhook.rotate', id, once: secretOnce }, ({ secretNumber }) => ({
        secretNumber: secretNumber + 1,
      })),
    test: (context, id) =>
      writeOnce(state, { context, action: 'webhook.test' }, async (sql) => {
        const { webhook } = await findOwn(sql, context, id);
        await requireFewAskedFor(sql, webhook);
        const event = `test_${newId(20)}`;
        const data = { webhook: id, tenant: webhook.tenant, server };
        await insertEvent(sql, event, { type: TEST_TYPE, timestamp: new Date().toISOString(), data });
        return begin(sql, id, { event, sending: 1 });
      }),
    deliveries: async (caller, id, { before, limit }) => {
      await find(state, viewOf(caller), id);
      const found = await listDeliveries(state, id, { before, limit: limit + 1 });
      return toPage(found, limit, (delivery) => String(delivery.id));
    },
    delivery: async (caller, id, delivery) => {
      await find(state, viewOf(caller), id);
      return findSent(state, id, delivery);
    },
    resend: (context, id, delivery) =>
      writeOnce(state, { context, action: 'webhook.resend' }, async (sql) => {
        const { webhook } = await findOwn(sql, context, id);
        const { event } = await findSent(sql, id, delivery);
        await requireFewAskedFor(sql, webhook);
        const sending = ((await newestSending(sql, id, event))?.sending ?? 0) + 1;
        return begin(sql, id, { event, sending });
      }),
  };
}

/** What an administrator makes who acts for none is told of everything. */
function tenantOf(caller: Caller): TenantId | null {
  const view = viewOf(caller);
  return view === 'all' ? null : view;
}

async function find(sql: Sql, view: WebhookView, id: WebhookId): Promise<WebhookRecord> {
  const record = await findWebhook(sql, view, id);
  if (record === undefined) throw notFound('webhook with this id');
  return record;
}

/** One that is to be changed, or sent to, with nobody else at it. */
async function findOwn(sql: Sql, { caller }: WriteContext, id: WebhookId): Promise<WebhookRecord> {
  await admit(sql, caller, 'webhook.write');
  const { webhook } = await find(sql, viewOf(caller), id);
  await lockTenant(sql, webhook.tenant ?? caller.tenant, 'alone');
  return find(sql, viewOf(caller), id);
}

async function findSent(sql: Sql, webhook: WebhookId, id: number): Promise<WebhookDelivery> {
  const delivery = await findDelivery(sql, webhook, id);
  if (delivery === undefined) throw notFound('delivery with this id');
  return delivery;
}

/** A delivery that the worker finds by itself. */
async function begin(
  sql: Sql,
  webhook: WebhookId,
  { event, sending }: { readonly event: string; readonly sending: number },
): Promise<Outcome> {
  await insertDelivery(sql, { webhook, event, sending });
  const id = (await newestSending(sql, webhook, event))?.id ?? 0;
  const delivery = await findSent(sql, webhook, id);
  return { operationId: null, resource: webhook, body: { delivery } };
}

function requireTarget(url: string, networks: readonly AddressRange[]): void {
  const expected = faultOfTarget(new URL(url), networks);
  if (expected === undefined) return;
  throw invalidInput([{ field: 'url', message: 'Nothing is sent there.', expected }]);
}

const NOTE =
  'The secret was shown once, in the first answer to this Idempotency-Key. Rotate it to have another.';
