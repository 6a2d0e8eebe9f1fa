import { addressesIn, addressOf } from './addresses.ts';
import { readMessage, valueOf, type Field } from './header.ts';
import { refuse } from './refusal.ts';
import type { MailSite } from '../contract/mail.ts';

/** What a program handed over, with what it said on its command line. */
export type Handed = {
  readonly raw: Buffer;
  /** Whether the header says to whom (`-t`), beside those that were named. */
  readonly byHeader: boolean;
  readonly to: readonly string[];
  readonly from: string | null;
};

export type Posting = {
  readonly id: string;
  readonly site: MailSite;
  readonly senderDomain: string;
  readonly now: Date;
};

export type Letter = {
  readonly from: string;
  readonly to: readonly string[];
  readonly content: Buffer;
};

const MOST_RECIPIENTS = 50;
const RECIPIENTS: readonly string[] = ['to', 'cc', 'bcc'];
/** Who is not to be seen, and what only this side says. */
const REMOVED: readonly string[] = ['bcc', 'resent-bcc', 'return-path', 'x-sculptor-site'];

/** The envelope, which names the site whatever the program says, and the message as it goes out. */
export function writeLetter({ raw, byHeader, to, from }: Handed, posting: Posting): Letter {
  const { fields, body } = readMessage(raw);
  const named = byHeader ? fields.filter(({ name }) => RECIPIENTS.includes(name)) : [];
  const all = new Set([...to.map(addressOf), ...named.flatMap((field) => addressesIn(valueOf(field)))]);
  if (all.size === 0) refuse('Nobody is named whom the message is for.');
  if (all.size > MOST_RECIPIENTS)
    refuse(`The message is for ${all.size} recipients; ${MOST_RECIPIENTS} are the most.`);
  const sender = senderOf(posting);
  const kept = fields.filter(({ name }) => !REMOVED.includes(name));
  const added = missing(kept, { ...posting, from: from === null || from === '' ? sender : addressOf(from) });
  const header = [`X-Sculptor-Site: ${posting.site}`, ...added, ...kept.map(({ text }) => text)];
  return {
    from: sender,
    to: [...all],
    content: Buffer.from(`${header.join('\r\n')}\r\n\r\n${body}`, 'latin1'),
  };
}

function senderOf({ site, senderDomain }: Posting): string {
  return `${site === 'pool' ? 'pool' : `s-${site}`}@${senderDomain}`;
}

/** What every message has to have; programs leave it to sendmail. */
function missing(
  fields: readonly Field[],
  { id, senderDomain, now, from }: Posting & { readonly from: string },
): readonly string[] {
  const has = (name: string) => fields.some((field) => field.name === name);
  return [
    ...(has('date') ? [] : [`Date: ${now.toUTCString().replace('GMT', '+0000')}`]),
    ...(has('message-id') ? [] : [`Message-ID: <${id}@${senderDomain}>`]),
    ...(has('from') ? [] : [`From: ${from}`]),
    ...(has('to') || has('cc') ? [] : ['To: undisclosed-recipients:;']),
  ];
}
