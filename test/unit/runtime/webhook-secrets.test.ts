import { createHmac } from 'node:crypto';
import { WebhookId } from '../../../contract/ids.ts';
import { createSecret } from '../../../runtime/secret.ts';
import { signatureOf, webhookSecret } from '../../../runtime/webhook-secrets.ts';

const KEY = createSecret('a key of the agent');
const WEBHOOK = WebhookId.parse('habcdefghij1');

test('a signature is what the Standard Webhooks specification has for its own example', () => {
  const secret = createSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const signed = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1_614_265_330,
    body: '{"test": 2432232314}',
  };
  expect(signatureOf(secret, signed)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test('and what anybody computes by its words from the secret that was shown', () => {
  const secret = webhookSecret(KEY, WEBHOOK, 1);
  const key = Buffer.from(secret.reveal().slice('whsec_'.length), 'base64');
  const signed = { id: 'operation_x', timestamp: 7, body: '{"name":"müller.example"}' };
  const expected = createHmac('sha256', key)
    .update('operation_x.7.{"name":"müller.example"}')
    .digest('base64');
  expect(signatureOf(secret, signed)).toBe(`v1,${expected}`);
});

test('a secret is 32 octets of its own for each key, webhook and rotation, the same each time', () => {
  const all = [
    webhookSecret(KEY, WEBHOOK, 1),
    webhookSecret(KEY, WEBHOOK, 2),
    webhookSecret(KEY, WebhookId.parse('habcdefghij2'), 1),
    webhookSecret(createSecret('another key'), WEBHOOK, 1),
  ].map((secret) => secret.reveal());
  expect(new Set(all).size).toBe(4);
  for (const text of all) {
    expect(text).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(Buffer.from(text.slice(6), 'base64')).toHaveLength(32);
  }
  expect(webhookSecret(KEY, WEBHOOK, 1).reveal()).toBe(all[0]);
  expect(JSON.stringify(webhookSecret(KEY, WEBHOOK, 1))).toBe('"[secret]"');
});
