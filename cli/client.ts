import type { z } from 'zod';
import { Accepted, Problem } from './answers.ts';
import { ConnectionError, RefusedError } from './errors.ts';
import { parseEvents } from './event-stream.ts';
import type { Reply, Request, Transport } from './transport.ts';
import { jsonOf } from '../contract/json-text.ts';

/** A list of everything the API would ever hold in one page is far below this. */
const MAX_ANSWER_LENGTH = 32 * 1024 * 1024;
const PAUSES_MS = [500, 1_000, 2_000];

export type Write = {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
};

/** The API, for one run of the program. Every call throws a `RefusedError` or a `ConnectionError`. */
export type Client = {
  readonly get: (path: string) => Promise<unknown>;
  /** Without a token, and whatever the status is: health says 503 and why in the same breath. */
  readonly look: (path: string) => Promise<{ readonly status: number; readonly document: unknown }>;
  readonly write: (write: Write) => Promise<Accepted>;
  /** A write that is done with its answer, of which nothing is looked at yet. */
  readonly send: (write: Write) => Promise<unknown>;
  /** The data of each `operation` event, until the API closes the stream. */
  readonly events: (path: string) => AsyncIterable<unknown>;
};

export type ClientParts = {
  readonly transport: Transport;
  /** Asked when it is needed, and throws where there is none: health can be asked for all the same. */
  readonly token: () => string;
  /** The tenant that an administrator acts for; their own where there is none. */
  readonly tenant: string | undefined;
  /** Every write is asked for as a plan, and none is done. */
  readonly plan: boolean;
  /** Made once for a run, so that a write whose answer was lost is not done twice. */
  readonly idempotencyKey: string;
  readonly pause: (ms: number) => Promise<void>;
};

export function createClient(parts: ClientParts): Client {
  const ask = (request: Omit<Request, 'headers'>, headers: Record<string, string> = {}): Promise<Answer> =>
    again(parts.pause, async () => readAnswer(await parts.transport({ ...request, headers })));
  const authorized = (headers: Record<string, string> = {}): Record<string, string> => ({
    authorization: `Bearer ${parts.token()}`,
    ...(parts.tenant === undefined ? {} : { 'sculptor-tenant': parts.tenant }),
    ...headers,
  });
  const send = async ({ method, path, body }: Write): Promise<unknown> => {
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const key = { 'idempotency-key': parts.idempotencyKey };
    const address = parts.plan ? `${path}?plan=true` : path;
    return accept(await ask({ method, path: address, ...text }, authorized(key)));
  };
  return {
    look: (path) => ask({ method: 'GET', path }),
    get: async (path) => accept(await ask({ method: 'GET', path }, authorized())),
    send,
    write: async (write) => understand(Accepted, await send(write)),
    events: (path) => listen(parts, { path, headers: authorized({ accept: 'text/event-stream' }) }),
  };
}

/** The API's answer in the shape that is needed, or the sentence that this is not that API. */
export function understand<S extends z.ZodType>(schema: S, document: unknown): z.infer<S> {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.') ?? '';
  const hint = 'Is the address that of a Sculptor Agent, and sculptorctl of the same version?';
  throw new ConnectionError(`The answer is not one of this API (at "${path}")`, hint, false);
}

type Answer = { readonly status: number; readonly document: unknown };

async function again(pause: (ms: number) => Promise<void>, once: () => Promise<Answer>): Promise<Answer> {
  for (const ms of PAUSES_MS) {
    try {
      return await once();
    } catch (error) {
      if (!(error instanceof ConnectionError) || !error.retry) throw error;
      await pause(ms);
    }
  }
  return once();
}

async function* listen(parts: ClientParts, request: Pick<Request, 'path' | 'headers'>): AsyncGenerator {
  const reply = await parts.transport({ method: 'GET', ...request });
  if (!reply.contentType.startsWith('text/event-stream')) {
    accept(await readAnswer(reply));
    return;
  }
  for await (const { event, data } of parseEvents(reply.body)) {
    if (event === 'operation') yield jsonOf(data);
  }
}

async function readAnswer(reply: Reply): Promise<Answer> {
  let text = '';
  for await (const chunk of reply.body) {
    text += chunk;
    if (text.length > MAX_ANSWER_LENGTH) throw new ConnectionError('The answer is too long', '', false);
  }
  const document = jsonOf(text);
  // nginx is there and the API behind it is not: that is a connection that failed, one hop further.
  if ((reply.status === 502 || reply.status === 504) && document === undefined) {
    const hint = 'On the server: systemctl status sculptor-api';
    throw new ConnectionError('The agent does not answer behind its web server', hint, true);
  }
  return { status: reply.status, document };
}

function accept({ status, document }: Answer): unknown {
  if (status >= 200 && status < 300) return document;
  const parsed = Problem.safeParse(document);
  if (parsed.success) throw new RefusedError(parsed.data, document);
  // A proxy in between, for instance, answers with a page of its own.
  const title = `The answer was HTTP status ${status}, and no explanation`;
  const problem = { type: 'about:blank', title, status, detail: '' };
  throw new RefusedError(problem, problem);
}
