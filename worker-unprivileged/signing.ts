import type { Secret } from '../runtime/secret.ts';
import { signatureOf, webhookSecret } from '../runtime/webhook-secrets.ts';
import type { WebhookRecord } from '../state/webhooks.ts';

export interface Signed {
  readonly id: string;
  /** In seconds. */
  readonly timestamp: number;
  readonly body: string;
}

/** What an event is sent with, as Standard Webhooks has it. */
export function signedHeaders(key: Secret, record: WebhookRecord, signed: Signed): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': 'Sculptor-Agent-Webhook',
    'webhook-id': signed.id,
    'webhook-timestamp': String(signed.timestamp),
    'webhook-signature': secretsOf(key, record)
      .map((secret) => signatureOf(secret, signed))
      .join(' '),
  };
}

/** For a day after a rotation what is sent is good for those who know the former secret too. */
function secretsOf(key: Secret, { webhook, secretNumber }: WebhookRecord): readonly Secret[] {
  const numbers = webhook.formerSecretUntil === null ? [secretNumber] : [secretNumber, secretNumber - 1];
  return numbers.map((number) => webhookSecret(key, webhook.id, number));
}
