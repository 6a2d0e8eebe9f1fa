import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { MailSite } from '../contract/mail.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Acceptance } from './acceptance.ts';
import { BODY_MS, bodyOf, lengthOf } from './body.ts';
import { MailRefusedError } from './refusal.ts';
import type { SaySeldom } from './say-seldom.ts';
import { createTally, isWithin } from './shares.ts';

const MOST_OCTETS = 20 * 2 ** 20;
/** In memory at one time. */
const MOST_HELD = { ofSite: 32 * 2 ** 20, ofAll: 128 * 2 ** 20 };
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
    const length = lengthOf(request, MOST_OCTETS);
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

/** Only what stands after the question mark; no parser of addresses, which would throw at some. */
function argumentsOf({ url = '' }: IncomingMessage) {
  const words = new URLSearchParams(url.split('?').slice(1).join('?'));
  return { byHeader: words.has('header'), to: words.getAll('to'), from: words.get('from') };
}
