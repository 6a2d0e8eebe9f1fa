import { z } from 'zod';
import { EventPattern, EVENT_TYPES, isMeant, WebhookEvent } from './webhooks.ts';

/* What goes out by mail of what happens on a server: the same events that webhooks are sent, to addresses that root has set. */

const word = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

/** No quotes, blanks or brackets, so that it means the same to every server; a domain's other letters as `xn--`. */
export const MailAddress = z
  .string()
  .max(254)
  .regex(
    new RegExp(`^(?=.{1,64}@)${word}(?:\\.${word})*@(?=.{1,253}$)${label}(?:\\.${label})+$`),
    'an address such as admin@host.example',
  );

/** To each address, in an hour, of ended operations, and as many of all else; what is more comes together in one at its end. */
export const LettersPerHour = z.int().min(1).max(1000);

export const NoticeRecipient = z.strictObject({
  address: MailAddress,
  events: z.array(EventPattern).min(1),
  /** Of what was before it nobody is told. */
  since: z.iso.datetime(),
});
export type NoticeRecipient = z.infer<typeof NoticeRecipient>;

export const MOST_RECIPIENTS = 20;

/** Root's file, which the mailer reads at each use: whoever asks it for a letter does not say to whom. */
export const NoticeSettings = z.strictObject({
  perHour: LettersPerHour.default(20),
  recipients: z.array(NoticeRecipient).max(MOST_RECIPIENTS).default([]),
});
export type NoticeSettings = z.infer<typeof NoticeSettings>;

/** What a person should see who has set nothing else: whatever is told though nobody asked, and what did not succeed. */
export const EVENTS_BY_DEFAULT: readonly string[] = ['notification.*', 'system.*', 'operation.failed'];

/** Written to everybody who is told of anything, when root asks for it. */
export const MailTest = z.strictObject({
  type: z.literal('mail.test'),
  timestamp: z.iso.datetime(),
  data: z.strictObject({ tenant: z.null() }),
});

/** One thing that happened. Its id is the `webhook-id` that it has there: nobody is told twice of the same. */
export const Notice = z.strictObject({
  id: z.string().regex(/^[a-z0-9_]{1,60}$/),
  event: z.union([WebhookEvent.refine(({ type }) => EVENT_TYPES.includes(type), 'an event'), MailTest]),
});
export type Notice = z.infer<typeof Notice>;

/** What is asked of the mailer at one time: to each recipient one letter of as many of them as are for it. */
export const NoticeRequest = z.strictObject({ notices: z.array(Notice).min(1).max(200) });
export type NoticeRequest = z.infer<typeof NoticeRequest>;

/** How many letters wait for the mail host now, and how many there were already. */
export const NoticeAnswer = z.object({ letters: z.int().min(0), repeated: z.int().min(0) });
export type NoticeAnswer = z.infer<typeof NoticeAnswer>;

/** Which events anybody is told of, and since when; to whom they go is the mailer's to know. */
export const NoticesWanted = z.object({
  wanted: z.array(z.object({ events: z.array(z.string()), since: z.string() })),
});
export type NoticesWanted = z.infer<typeof NoticesWanted>['wanted'];

/** What ended, and how: tenants bring it about. The rest is told of what they do not ask for. */
export function isOfOperation(type: string): boolean {
  return type.startsWith('operation.');
}

export function isWanted({ events, since }: NoticesWanted[number], event: Notice['event']): boolean {
  return since <= event.timestamp && isMeant(events, event.type);
}
