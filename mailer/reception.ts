import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { MailSite } from '../contract/mail.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Acceptance } from './acceptance.ts';
import { MailRefusedError, refuse } from './refusal.ts';
import type { SaySeldom } from './say-seldom.ts';

const MOST_OCTETS = 20 * 2 ** 20;
/** In memory at one time, of all sites. */
const MOST_HELD = 128 * 2 ** 20;
const LIMITS = { keepAliveTimeout: 1, maxHeaderSize: 16_384 } as const;

export type ReceptionParts = {
  readonly acceptance: Acceptance;
  /** Whose socket a connection came through: that, and nothing that it says, is who it is. */
  readonly siteOf: (connection: IncomingMessage['socket']) => MailSite | undefined;
  readonly sayRefused: SaySeldom;
  readonly logger: Logger;
};

/** One message is one POST, and the answer is a sentence. It listens nowhere: connections are handed to it. */
export function createReception({ acceptance, siteOf, sayRefused, logger }: ReceptionParts): Server {
  const held = { octets: 0 };

  async function take(request: IncomingMessage, site: MailSite): Promise<string> {
    const length = lengthOf(request);
    await acceptance.admit(site);
    if (held.octets + length > MOST_HELD)
      throw new MailRefusedError(503, 'The server is busy with other mail.');
    held.octets += length;
    try {
      const raw = await bodyOf(request, length);
      const { id, recipients, size } = await acceptance.accept(site, { raw, ...argumentsOf(request) });
      logger.info({ message: id, site, recipients, size }, 'mail taken');
      return id;
    } finally {
      held.octets -= length;
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const site = siteOf(request.socket);
    try {
      if (site === undefined) throw new MailRefusedError(403, 'Mail of this site is not taken.');
      const id = await take(request, site);
      say(response, 202, id);
    } catch (error) {
      const known = error instanceof MailRefusedError;
      if (known) sayRefused(site ?? 'pool', error.message);
      else logger.error({ err: error, site }, 'mail could not be taken');
      say(response, known ? error.status : 500, known ? error.message : 'The server cannot take mail now.');
    }
  }

  const server = createServer(LIMITS, (request, response) => void answer(request, response));
  // What comes behind one message on its connection is none.
  server.maxRequestsPerSocket = 1;
  return server;
}

function say(response: ServerResponse, status: number, sentence: string): void {
  // What is not read of the body any more goes with the connection.
  response.writeHead(status, { connection: 'close', 'content-type': 'text/plain' }).end(`${sentence}\n`);
}

function lengthOf({ method, headers }: IncomingMessage): number {
  const length = Number(headers['content-length'] ?? Number.NaN);
  if (method !== 'POST' || !Number.isSafeInteger(length))
    refuse('This is no message: it wants a POST with a length.');
  if (length > MOST_OCTETS)
    throw new MailRefusedError(413, `The message has more than ${MOST_OCTETS / 2 ** 20} MiB.`);
  return length;
}

async function bodyOf(request: IncomingMessage, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts);
  // Half a message is none.
  if (body.length !== length) refuse('The message was cut off.');
  return body;
}

function argumentsOf({ url = '/' }: IncomingMessage) {
  const words = new URL(url, 'http://mailer').searchParams;
  return { byHeader: words.has('header'), to: words.getAll('to'), from: words.get('from') };
}
