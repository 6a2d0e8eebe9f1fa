import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { MailSite } from '../contract/mail.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Acceptance } from './acceptance.ts';
import { MailRefusedError, refuse } from './refusal.ts';
import type { SaySeldom } from './say-seldom.ts';
import { createTally, isWithin } from './shares.ts';

const MOST_OCTETS = 20 * 2 ** 20;
/** In memory at one time. */
const MOST_HELD = { ofSite: 32 * 2 ** 20, ofAll: 128 * 2 ** 20 };
/** What a part takes beside its octets, of which it may have one. */
const PART_OCTETS = 512;
/** From a program on this server that has the whole of it already. */
const BODY_MS = 10_000;
const LIMITS = { keepAliveTimeout: 1, maxHeaderSize: 16_384 } as const;

export type ReceptionParts = {
  readonly acceptance: Acceptance;
  /** Whose socket a connection came through: that, and nothing that it says, is who it is. */
  readonly siteOf: (connection: IncomingMessage['socket']) => MailSite | undefined;
  readonly sayRefused: SaySeldom;
  readonly logger: Logger;
  readonly bodyMs?: number;
};

/** One message is one POST, and the answer is a sentence. It listens nowhere: connections are handed to it. */
export function createReception(parts: ReceptionParts): Server {
  const { acceptance, siteOf, sayRefused, logger, bodyMs = BODY_MS } = parts;
  const held = createTally();

  function requireRoom(site: MailSite, more: number): void {
    const { mine, all } = held.of(site);
    if (!isWithin({ mine: mine + more, all: all + more }, MOST_HELD))
      throw new MailRefusedError(503, 'The server is busy with other mail.');
  }

  /** Only what has come counts as held: that a body is announced costs nothing, and keeps nobody out. */
  async function take(request: IncomingMessage, site: MailSite): Promise<string> {
    const length = lengthOf(request);
    await acceptance.admit(site, length);
    requireRoom(site, length);
    let octets = 0;
    const hold = (more: number): void => {
      requireRoom(site, more);
      held.add(site, more);
      octets += more;
    };
    try {
      const raw = await bodyOf(request, { length, hold, bodyMs });
      const { id, recipients, size } = await acceptance.accept(site, { raw, ...argumentsOf(request) });
      logger.info({ message: id, site, recipients, size }, 'mail taken');
      return id;
    } finally {
      held.add(site, -octets);
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

type Body = { readonly length: number; readonly hold: (octets: number) => void; readonly bodyMs: number };

async function bodyOf(request: IncomingMessage, { length, hold, bodyMs }: Body): Promise<Buffer> {
  const parts: Buffer[] = [];
  const late = setTimeout(() => request.destroy(), bodyMs);
  try {
    // Not destroyed where it is refused midway: that is still to be said.
    for await (const part of request.iterator({ destroyOnReturn: false })) {
      hold((part as Buffer).length + PART_OCTETS);
      parts.push(part as Buffer);
    }
  } catch (cause) {
    if (cause instanceof MailRefusedError) throw cause;
    refuse('The message was cut off.');
  } finally {
    clearTimeout(late);
  }
  const body = Buffer.concat(parts);
  // Half a message is none.
  if (body.length !== length) refuse('The message was cut off.');
  return body;
}

/** Only what stands after the question mark; no parser of addresses, which would throw at some. */
function argumentsOf({ url = '' }: IncomingMessage) {
  const words = new URLSearchParams(url.split('?').slice(1).join('?'));
  return { byHeader: words.has('header'), to: words.getAll('to'), from: words.get('from') };
}
