import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { jsonOf } from '../contract/json-text.ts';
import { NoticeRequest } from '../contract/mail-notices.ts';
import type { Logger } from '../runtime/logger.ts';
import { BODY_MS, bodyOf, lengthOf } from './body.ts';
import { HourIsFullError, type Notices } from './notices.ts';
import { MailRefusedError, refuse } from './refusal.ts';
import type { SaySeldom } from './say-seldom.ts';

const MOST_OCTETS = 2 ** 20;
const LIMITS = { keepAliveTimeout: 1, maxHeaderSize: 4096 } as const;

export type NoticeReceptionParts = {
  readonly notices: Pick<Notices, 'wanted' | 'take'>;
  readonly sayRefused: SaySeldom;
  readonly logger: Logger;
  readonly bodyMs?: number;
};

/**
 * GET answers which events anybody is told of, POST takes what happened. What comes is an attacker's until it is parsed: whoever
 * has become the worker. It listens nowhere: connections are handed to it.
 */
export function createNoticeReception(parts: NoticeReceptionParts): Server {
  const { notices, sayRefused, logger, bodyMs = BODY_MS } = parts;

  async function take(request: IncomingMessage): Promise<object> {
    if (request.method === 'GET') return { wanted: await notices.wanted() };
    const length = lengthOf(request, MOST_OCTETS);
    const body = await bodyOf(request, { length, hold: () => undefined, bodyMs });
    const asked = NoticeRequest.safeParse(jsonOf(body.toString('utf8')));
    if (!asked.success) refuse('This is nothing that can be told.');
    const answer = await notices.take(asked.data.notices);
    if (answer.letters > 0) logger.info({ ...answer, notices: asked.data.notices.length }, 'notices taken');
    return answer;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      say(response, request.method === 'GET' ? 200 : 202, await take(request));
    } catch (error) {
      const known = error instanceof MailRefusedError;
      if (known) sayRefused('agent', error.message);
      else logger.error({ err: error }, 'notices could not be taken');
      if (error instanceof HourIsFullError) response.setHeader('retry-after', String(error.seconds));
      say(response, known ? error.status : 500, { error: known ? error.message : 'not now' });
    }
  }

  const server = createServer(LIMITS, (request, response) => void answer(request, response));
  server.maxRequestsPerSocket = 1;
  return server;
}

function say(response: ServerResponse, status: number, body: object): void {
  // What is not read of the body any more goes with the connection.
  response
    .writeHead(status, { connection: 'close', 'content-type': 'application/json' })
    .end(`${JSON.stringify(body)}\n`);
}
