import type { Command } from 'commander';
import { z } from 'zod';
import { action, collect, count, defined, present } from '../action.ts';
import { Webhook, WebhookDelivery } from '../answers.ts';
import { understand } from '../client.ts';
import { listAll, path, type OpenSession, type Session } from '../session.ts';
import { listing, table } from '../table.ts';

type Wanted = {
  readonly event?: readonly string[];
  readonly description?: string;
  readonly url?: string;
};

/** `sculptorctl webhook`: to whom it is told what happened. */
export function addWebhookCommands(program: Command, open: OpenSession): void {
  const webhook = program
    .command('webhook')
    .description('To whom it is sent what happened: that operations ended, and notifications.');
  addWriting(webhook, open);
  addReading(webhook, open);
  addSending(webhook, open);
}

function addWriting(webhook: Command, open: OpenSession): void {
  webhook
    .command('create')
    .description('Make a webhook; the secret that it signs with is printed once.')
    .argument('<url>', 'where to, such as https://panel.example/events')
    .option(
      '--event <type>',
      'what of, such as operation.*; may be given several times (default: *)',
      collect,
    )
    .option('--description <words>', 'what it is for')
    .action(
      action<Wanted>(open, async (session, [url], { event, description }) => {
        const body = defined({ url, events: event, description });
        show(session, await session.client.send({ method: 'POST', path: '/v1/webhooks', body }));
      }),
    );
  webhook
    .command('update')
    .description('Change a webhook; what is not named stays.')
    .argument('<webhook>', 'its id')
    .option('--url <url>', 'where to')
    .option('--event <type>', 'what of; may be given several times', collect)
    .option('--description <words>', 'what it is for')
    .action(
      action<Wanted>(open, async (session, [id], { url, event, description }) => {
        await patch(session, id, defined({ url, events: event, description }));
      }),
    );
  for (const [name, enabled, words] of [
    ['on', true, 'Send to a webhook again.'],
    ['off', false, 'Send nothing more to a webhook until it is switched on.'],
  ] as const)
    webhook
      .command(name)
      .description(words)
      .argument('<webhook>', 'its id')
      .action(action(open, (session, [id]) => patch(session, id, { enabled })));
  webhook
    .command('rotate')
    .description('Make its secret anew; it is printed once, and the former one is good for another day.')
    .argument('<webhook>', 'its id')
    .action(
      action(open, async (session, [id]) => {
        const address = path`/v1/webhooks/${id}/rotate-secret`;
        show(session, await session.client.send({ method: 'POST', path: address }));
      }),
    );
  webhook
    .command('delete')
    .description('Delete a webhook; what waits for it is not sent.')
    .argument('<webhook>', 'its id')
    .action(
      action(open, async (session, [id]) => {
        const answer = await session.client.send({ method: 'DELETE', path: path`/v1/webhooks/${id}` });
        present(session, answer, () => [`webhook ${id} deleted`]);
      }),
    );
}

async function patch(session: Session, id: string, body: Record<string, unknown>): Promise<void> {
  show(session, await session.client.send({ method: 'PATCH', path: path`/v1/webhooks/${id}`, body }));
}

/** A secret is given this once, and is shown before all. */
function show(session: Session, answer: unknown): void {
  present(session, answer, () => {
    const { secret } = understand(z.looseObject({ secret: z.string().nullish() }), answer);
    const { webhook } = understand(z.object({ webhook: Webhook }), answer);
    return [...sayOf(secret), ...listing(facts(webhook))];
  });
}

function sayOf(secret: string | null | undefined): readonly string[] {
  if (secret === undefined) return [];
  if (secret === null)
    return ['The secret was in an answer that got lost on the way, and is not given twice: rotate it.'];
  return [`secret ${secret}`, 'This secret is not shown again: keep it now.'];
}

function addReading(webhook: Command, open: OpenSession): void {
  webhook
    .command('list')
    .description('All webhooks that may be seen.')
    .action(
      action(open, async (session) => {
        const listed = await listAll(session, '/v1/webhooks');
        present(session, listed, () => {
          const all = listed.items.map((item) => understand(Webhook, item));
          const rows = all.map((one) => [
            one.id,
            one.tenant ?? 'all',
            standing(one),
            one.url,
            one.events.join(' '),
          ]);
          return table(['ID', 'TENANT', 'STATUS', 'URL', 'EVENTS'], rows);
        });
      }),
    );
  webhook
    .command('show')
    .description('One webhook; never its secret, which nobody has kept.')
    .argument('<webhook>', 'its id')
    .action(
      action(open, async (session, [id]) => {
        const document = await session.client.get(path`/v1/webhooks/${id}`);
        present(session, document, () => listing(facts(understand(Webhook, document))));
      }),
    );
}

function addSending(webhook: Command, open: OpenSession): void {
  webhook
    .command('deliveries')
    .description('What was sent to a webhook in the last week, the newest first, and how it went.')
    .argument('<webhook>', 'its id')
    .option('--limit <count>', 'how many at most', count, 50)
    .action(
      action<{ readonly limit: number }>(open, async (session, [id], { limit }) => {
        const listed = await listAll(session, path`/v1/webhooks/${id}/deliveries`, limit);
        present(session, listed, () => {
          const rows = listed.items.map((item) => rowOf(understand(WebhookDelivery, item)));
          return table(['ID', 'AT', 'TYPE', 'STATUS', 'ATTEMPTS', 'LAST', 'NEXT'], rows);
        });
      }),
    );
  webhook
    .command('resend')
    .description('Send once more what was sent.')
    .argument('<webhook>', 'its id')
    .argument('<delivery>', 'the id of the delivery')
    .action(
      action(open, async (session, [id, delivery]) => {
        await ask(session, path`/v1/webhooks/${id}/deliveries/${delivery}/resend`);
      }),
    );
  webhook
    .command('test')
    .description('Send an event that means nothing.')
    .argument('<webhook>', 'its id')
    .action(action(open, (session, [id]) => ask(session, path`/v1/webhooks/${id}/test`)));
}

async function ask(session: Session, address: string): Promise<void> {
  const answer = await session.client.send({ method: 'POST', path: address });
  present(session, answer, () => {
    const { delivery } = understand(z.object({ delivery: WebhookDelivery }), answer);
    return [`delivery ${delivery.id} of ${delivery.event} waits for its turn`];
  });
}

function rowOf({ id, createdAt, type, status, attempts, nextAttemptAt }: WebhookDelivery): string[] {
  const last = attempts.at(-1);
  const how =
    last === undefined ? '-' : `${last.outcome}${last.httpStatus === null ? '' : ` ${last.httpStatus}`}`;
  return [String(id), createdAt, type, status, String(attempts.length), how, nextAttemptAt ?? '-'];
}

function standing({ enabled, offBecause }: Webhook): string {
  if (enabled) return 'on';
  if (offBecause === 'restored') return 'off: the state was put back, rotate its secret';
  return offBecause === 'gone' ? 'off: answered 410' : 'off';
}

function facts(webhook: Webhook): [string, string][] {
  return [
    ['id', webhook.id],
    ['url', webhook.url],
    ['events', webhook.events.join(' ')],
    ['of', webhook.tenant ?? 'all tenants and the server'],
    ['status', standing(webhook)],
    ['description', webhook.description],
    ['former secret', webhook.formerSecretUntil === null ? 'none' : `until ${webhook.formerSecretUntil}`],
    ['made', webhook.createdAt],
    ['changed', webhook.updatedAt],
  ];
}
