import { readFile } from 'node:fs/promises';
import SMTPConnection, { type SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection';
import type { Submission } from '../contract/mail.ts';

export type Outgoing = { readonly from: string; readonly to: readonly string[]; readonly content: Buffer };

/** What the host said of recipients that it did not take. */
export type Said = { readonly recipient: string; readonly code: number | null; readonly said: string };

export type Outcome =
  | { readonly kind: 'answered'; readonly refused: readonly Said[]; readonly later: readonly Said[] }
  /** It was not reached, or does not let us in: nothing is known of the message. `mend`: a person has to. */
  | { readonly kind: 'away'; readonly said: string; readonly mend: boolean };

export type Submit = (host: Submission, outgoing: Outgoing) => Promise<Outcome>;

/** As the distribution keeps them, so that what an administrator adds there counts. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';
const MEND: readonly string[] = ['EAUTH', 'ENOAUTH', 'ETLS', 'ECONFIG'];

type SmtpError = Error & {
  readonly code?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly response?: string | undefined;
  readonly permanent?: boolean | undefined;
  readonly recipient?: string | undefined;
  readonly rejectedErrors?: readonly SmtpError[] | undefined;
};

/** Hands one message to the host, over TLS with a verified certificate, and asks nothing of it twice. */
export function createSubmit(ownName: string): Submit {
  return async (host, outgoing) => {
    const connection = new SMTPConnection(await optionsOf(host, ownName));
    // At whatever moment it breaks off, nobody waits for an answer that does not come.
    const broken = new Promise<never>((_, reject) => {
      connection.on('error', reject);
      connection.on('end', () => reject(new Error('the connection was closed')));
    });
    try {
      return await Promise.race([broken, conversation(connection, host, outgoing)]);
    } catch (error) {
      return outcomeOf(error as SmtpError, outgoing);
    } finally {
      connection.close();
    }
  };
}

async function optionsOf({ host, port, security }: Submission, name: string): Promise<SMTPConnectionOptions> {
  const ca = await readFile(AUTHORITIES, 'utf8').catch(() => undefined);
  return {
    host,
    port,
    name,
    secure: security === 'tls',
    requireTLS: true,
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) },
    connectionTimeout: 20_000,
    greetingTimeout: 20_000,
    socketTimeout: 60_000,
    logger: false,
  };
}

async function conversation(
  connection: SMTPConnection,
  { login }: Submission,
  { from, to, content }: Outgoing,
): Promise<Outcome> {
  await answer((done) => connection.connect(done));
  if (login !== null)
    await answer((done) => connection.login({ user: login.user, pass: login.password }, done));
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

function outcomeOf(error: SmtpError, { to }: Outgoing): Outcome {
  const each = error.rejectedErrors ?? [];
  if (each.length > 0) return answered(each);
  const { code = '', permanent } = error;
  if (code === 'EENVELOPE' || code === 'EMESSAGE') {
    // Without an answer of the host's it is nodemailer that does not send such a message.
    const { responseCode, response, message } = error;
    const all = to.map((recipient) => saidOf({ recipient, responseCode, response, message }));
    return {
      kind: 'answered',
      refused: permanent === false ? [] : all,
      later: permanent === false ? all : [],
    };
  }
  const certificate = /certificate|self-signed|altnames/i.test(error.message);
  return { kind: 'away', said: oneLine(error.message), mend: MEND.includes(code) || certificate };
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
