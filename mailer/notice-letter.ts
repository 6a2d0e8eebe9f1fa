import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { Written } from './notice-text.ts';

export type NoticeLetter = {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly date: Date;
} & Written;

/** The same for the same keys, so that the spool holds it once, and who gets it twice after all can tell. */
export function letterIdOf(keys: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(keys)).digest('hex');
  return `m${BigInt(`0x${digest}`).toString(36).padStart(50, '0').slice(-23)}`;
}

/** Plain text and nothing else: no file and no URL is read for it, whatever its words look like. */
export function writeNoticeLetter({ id, from, to, date, subject, text }: NoticeLetter): Promise<Buffer> {
  const domain = from.slice(from.lastIndexOf('@') + 1);
  return new MailComposer({
    from: { name: 'Sculptor Agent', address: from },
    to: { name: '', address: to },
    ...{ date, subject, text },
    messageId: `<${id}@${domain}>`,
    // RFC 3834: nobody is to answer it by a program.
    headers: { 'Auto-Submitted': 'auto-generated' },
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build();
}
