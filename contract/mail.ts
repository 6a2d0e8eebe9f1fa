import { z } from 'zod';
import { DomainId } from './ids.ts';
import { DomainName } from './names.ts';

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

/** A name and no address: it is what the host's certificate has to say. */
export const MailHost = z
  .string()
  .max(253)
  .regex(new RegExp(`^${label}(?:\\.${label})*$`), 'the name of a host, as its certificate has it')
  .refine((name) => !/(?:^|\.)[0-9]+$/.test(name), 'the name of a host, not its address');

/** Both verify the certificate: `starttls` begins in the clear and goes no further so, `tls` does not. */
export const MailSecurity = z.enum(['starttls', 'tls']);
export type MailSecurity = z.infer<typeof MailSecurity>;

/** How many recipients a site may write to in an hour. */
export const MailsPerHour = z.int().min(0).max(1_000_000);

export const MailLogin = z.strictObject({
  user: z.string().regex(/^[\x21-\x7e]{1,255}$/, 'a name of up to 255 visible characters'),
  password: z.string().regex(/^[^\p{Cc}]{1,1024}$/u, 'a line of up to 1024 characters'),
});

export const Submission = z.strictObject({
  host: MailHost,
  port: z.int().min(1).max(65_535),
  security: MailSecurity,
  login: MailLogin.nullable(),
});
export type Submission = z.infer<typeof Submission>;

/** What root sets for mail from sites: written by root's command, read by the mailer at each use. */
export const MailSettings = z.strictObject({
  /** Null while no mail goes out. */
  submission: Submission.nullable().default(null),
  /** What envelopes are from; null for the server's own name. */
  senderDomain: DomainName.nullable().default(null),
  perHour: MailsPerHour.default(200),
  perHourOf: z.record(DomainId, MailsPerHour).default({}),
});
export type MailSettings = z.infer<typeof MailSettings>;

/** Whom a message is from: a site, or the sites of the shared user, which are one. It is a folder's name too. */
export const MailSite = z.union([z.literal('pool'), DomainId]);
export type MailSite = z.infer<typeof MailSite>;

/** Who has a way to the mailer: beside the sites the agent itself, which says what happened and never to whom. */
export const MailSender = z.union([z.literal('agent'), MailSite]);
export type MailSender = z.infer<typeof MailSender>;
