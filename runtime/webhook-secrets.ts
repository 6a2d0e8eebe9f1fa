import { createHmac, hkdfSync } from 'node:crypto';
import type { WebhookId } from '../contract/ids.ts';
import { createSecret } from './secret.ts';
import type { Secret } from './secret.ts';

/** In the folder of secrets: what the secrets of all webhooks are derived from. */
export const WEBHOOK_KEY = 'webhook-key';

/** How long after a rotation what is sent is signed with the former secret too. */
export const FORMER_SECRET_MS = 86_400_000;

const PREFIX = 'whsec_';

/** The secret of a webhook after so many rotations, counted from 1. It is computed, and written down nowhere. */
export function webhookSecret(key: Secret, webhook: WebhookId, number: number): Secret {
  const about = `sculptor webhook ${webhook} ${number}`;
  const octets = hkdfSync('sha256', Buffer.from(key.reveal()), '', about, 32);
  return createSecret(PREFIX + Buffer.from(octets).toString('base64'));
}

export interface Signed {
  /** The `webhook-id`. */
  readonly id: string;
  /** The `webhook-timestamp`, in seconds. */
  readonly timestamp: number;
  readonly body: string;
}

/** One `v1` signature of the Standard Webhooks specification. */
export function signatureOf(secret: Secret, { id, timestamp, body }: Signed): string {
  const key = Buffer.from(secret.reveal().slice(PREFIX.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
