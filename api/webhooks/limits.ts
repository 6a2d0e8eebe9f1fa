import type { TenantId, WebhookId } from '../../contract/ids.ts';
import { TEST_TYPE } from '../../contract/webhooks.ts';
import type { Webhook } from '../../contract/webhooks.ts';
import type { Sql } from '../../state/connection.ts';
import { lockTenant } from '../../state/tenants.ts';
import { countAskedFor } from '../../state/webhook-deliveries.ts';
import { countChanges, countMade, countWebhooks } from '../../state/webhooks.ts';
import type { Caller } from '../caller.ts';
import { ProblemError } from '../problems.ts';

/** Of a tenant, and as many of nobody's. */
const MOST_WEBHOOKS = 20;
/** Of those in an hour: what was deleted stays in the table for a week. */
const MOST_MADE = 60;
/** Of a webhook in an hour: each is a row for a day. */
const MOST_CHANGES = 60;
/** Of a webhook in an hour: who asks for more could have others' servers called by this one. */
const MOST_ASKED_FOR = 60;

/** For another one. Holds the tenant's lock, so that it is still there when it is written. */
export async function requireRoom(sql: Sql, caller: Caller, tenant: TenantId | null): Promise<void> {
  await lockTenant(sql, caller.tenant, 'alone');
  if ((await countWebhooks(sql, tenant)) >= MOST_WEBHOOKS)
    throw new ProblemError('conflict', `There are ${MOST_WEBHOOKS} webhooks already. Delete one first.`);
  if ((await countMade(sql, tenant)) >= MOST_MADE)
    throw tooOften(`${MOST_MADE} webhooks were made in an hour.`);
}

/** To delete one is always taken. */
export async function requireFewChanges(sql: Sql, id: WebhookId): Promise<void> {
  if ((await countChanges(sql, id)) >= MOST_CHANGES)
    throw tooOften(`The webhook was changed ${MOST_CHANGES} times in an hour.`);
}

export async function requireFewAskedFor(sql: Sql, { id, enabled }: Webhook): Promise<void> {
  if (!enabled) throw new ProblemError('conflict', 'The webhook is switched off. Switch it on first.');
  if ((await countAskedFor(sql, id, TEST_TYPE)) >= MOST_ASKED_FOR)
    throw tooOften(`This was asked of the webhook ${MOST_ASKED_FOR} times in an hour.`);
}

function tooOften(what: string): ProblemError {
  const headers = { 'Retry-After': '600' };
  return new ProblemError('rate-limited', `${what} Wait until an hour is over.`, { headers });
}
