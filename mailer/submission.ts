import { readFile } from 'node:fs/promises';
import SMTPConnection, { type SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection';
import type { Submission } from '../contract/mail.ts';

export type Outgoing = { readonly from: string; readonly to: readonly string[]; readonly content: Buffer };

/** What the host said of recipients that it did not take. */
export type Said = { readonly recipient: string; readonly code: number | null; readonly said: string };

export type Outcome =
  | { readonly kind: 'answered'; readonly refused: readonly Said[]; readonly later: readonly Said[] }
  /** It was not reached, or does not let us in: it was never asked of the message. `mend`: a person has to. */
  | { readonly kind: 'away'; readonly said: string; readonly mend: boolean };

export type Submit = (host: Submission, outgoing: Outgoing) => Promise<Outcome>;

/** As the distribution keeps them, so that what an administrator adds there counts. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';
const MEND: readonly string[] = ['EAUTH', 'ENOAUTH', 'ETLS', 'ECONFIG'];

/** Until it has heard of the message: greeting, TLS and login together. */
const LET_IN_MS = 60_000;
/** RFC 5321 4.5.3.2.6: who is not heard out after the end of a message gets it a second time. */
const SILENCE_MS = 600_000;

type SmtpError = Error & {
  readonly code?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly response?: string | undefined;
  readonly permanent?: boolean | undefined;
  readonly recipient?: string | undefined;
  readonly rejectedErrors?: readonly SmtpError[] | undefined;
};

/**
 * Hands one message to the host, over TLS with a verified certificate, and asks nothing of it twice. What breaks off
 * once the host has heard of the message puts off that message, which may be what it breaks off for, and no other.
 */
export function createSubmit(ownName: string, authorities = AUTHORITIES): Submit {
  return async (host, outgoing) => {
    const connection = new SMTPConnection(await optionsOf(host, ownName, authorities));
    let letIn = false;
    let late: NodeJS.Timeout | undefined;
    // At whatever moment it breaks off, nobody waits for an answer that does not come.
    const broken = new Promise<never>((_, reject) => {
      connection.on('error', reject);
      connection.on('end', () => reject(new Error('the connection was closed')));
      late = setTimeout(() => reject(new Error('it has let nobody in for a minute')), LET_IN_MS);
    });
    try {
      await Promise.race([broken, enter(connection, host)]);
      letIn = true;
      clearTimeout(late);
      return await Promise.race([broken, hand(connection, outgoing)]);
    } catch (error) {
      return letIn ? notTaken(error as SmtpError, outgoing) : away(error as SmtpError);
    } finally {
      clearTimeout(late);
      connection.close();
    }
  };
}

async function optionsOf(
  { host, port, security }: Submission,
  name: string,
  authorities: string,
): Promise<SMTPConnectionOptions> {
  const ca = await readFile(authorities, 'utf8').catch(() => undefined);
  return {
    host,
    port,
    name,
    secure: security === 'tls',
    requireTLS: true,
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) },
    connectionTimeout: 20_000,
    greetingTimeout: 20_000,
    socketTimeout: SILENCE_MS,
    logger: false,
  };
}

async function enter(connection: SMTPConnection, { login }: Submission): Promise<void> {
  await answer((done) => connection.connect(done));
  if (login !== null)
    await answer((done) => connection.login({ user: login.user, pass: login.password }, done));
}

function hand(connection: SMTPConnection, { from, to, content }: Outgoing): Promise<Outcome> {
  const envelope = { from, to: [...to], use8BitMime: content.some((octet) => octet > 127) };
  return new Promise((resolve, reject) => {
    connection.send(envelope, content, (error, info) => {
      if (error) reject(error);
      else resolve(answered(info.rejectedErrors ?? []));
    });
  });
}

function answer(ask: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    ask((error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

function away({ code = '', message }: SmtpError): Outcome {
  const certificate = /certificate|self-signed|altnames/i.test(message);
  return { kind: 'away', said: oneLine(message), mend: MEND.includes(code) || certificate };
}

function notTaken(error: SmtpError, { to }: Outgoing): Outcome {
  const each = error.rejectedErrors ?? [];
  if (each.length > 0) return answered(each);
  const { code = '', permanent, responseCode, response, message } = error;
  const all = to.map((recipient) => saidOf({ recipient, responseCode, response, message }));
  // Without an answer of the host's it is nodemailer that does not send such a message, or something broke off.
  const forGood = permanent ?? (response === undefined && (code === 'EENVELOPE' || code === 'EMESSAGE'));
  return { kind: 'answered', refused: forGood ? all : [], later: forGood ? [] : all };
}

function answered(errors: readonly SmtpError[]): Outcome {
  const is = (permanent: boolean) =>
    errors.filter((error) => (error.permanent ?? false) === permanent).map(saidOf);
  return { kind: 'answered', refused: is(true), later: is(false) };
}

function saidOf(error: Pick<SmtpError, 'recipient' | 'responseCode' | 'response' | 'message'>): Said {
  return {
    recipient: error.recipient ?? '',
    code: error.responseCode ?? null,
    said: oneLine(error.response ?? error.message),
  };
}

/** Another server's words: no ends of lines, and not without end. */
function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 300);
}
