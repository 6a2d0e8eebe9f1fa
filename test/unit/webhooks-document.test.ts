import { readFileSync } from 'node:fs';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { AttemptOutcome, EVENT_TYPES, TEST_TYPE, WebhookEvent } from '../../contract/webhooks.ts';
import { createSecret } from '../../runtime/secret.ts';
import { signatureOf } from '../../runtime/webhook-secrets.ts';

/* What docs/webhooks.md shows to receivers is run, and what it lists is all there is. */

const text = readFileSync(join(__dirname, '../../docs/webhooks.md'), 'utf8');

function block(kind: string): string {
  const found = new RegExp(`^\`\`\`${kind}\\n([^]*?)^\`\`\``, 'm').exec(text)?.[1];
  if (found === undefined) throw new Error(`no block of ${kind}`);
  return found;
}

type Receiver = (...given: readonly [secret: string, headers: object, body: string, now: number]) => boolean;

function receiver(): Receiver {
  const code = block('js')
    .replace(/^import .*$/m, '')
    .replace('export ', '');
  const known = { createHmac, timingSafeEqual, Buffer, Date, Math, Number };
  return runInNewContext(`${code}; isFromServer`, known) as Receiver;
}

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const NOW = 1_769_860_800_000;

function sent(body: string, timestamp = NOW / 1000): object {
  const signed = { id: 'operation_x', timestamp, body };
  return {
    'webhook-id': signed.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')} ${signatureOf(createSecret(SECRET), signed)}`,
  };
}

test('its receiver takes what the agent signs, one signature of several being enough', () => {
  expect(receiver()(SECRET, sent('{"name":"müller.example"}'), '{"name":"müller.example"}', NOW)).toBe(true);
});

test.each([
  ['another body', sent('{}'), '{ }'],
  ['an old one', sent('{}', NOW / 1000 - 301), '{}'],
  ['one of another secret', { ...sent('{}'), 'webhook-signature': 'v1,AAAA' }, '{}'],
  ['one without a time', { ...sent('{}'), 'webhook-timestamp': undefined }, '{}'],
  ['one without a signature', { ...sent('{}'), 'webhook-signature': undefined }, '{}'],
])('its receiver refuses %s', (_, headers, body) => {
  expect(receiver()(SECRET, headers, body, NOW)).toBe(false);
});

test('the event that it shows is one', () => {
  expect(WebhookEvent.safeParse(JSON.parse(block('json'))).success).toBe(true);
});

test('it lists every outcome of an attempt', () => {
  expect(AttemptOutcome.options.filter((outcome) => !text.includes(`| \`${outcome}\` |`))).toEqual([]);
});

test('it has a word on every type of event', () => {
  const types = [...EVENT_TYPES, TEST_TYPE].filter((type) => !type.startsWith('notification.'));
  expect(types.filter((type) => !text.includes(`\`${type}\``))).toEqual([]);
});
