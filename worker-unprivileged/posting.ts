import { request as requestHttp } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { AttemptOutcome } from '../contract/webhooks.ts';
import { hostOf } from '../runtime/webhook-targets.ts';
import type { Address, Resolved } from './resolving.ts';
import { retryAfter } from './schedule.ts';

export interface Posting {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How it went. Of the answer nothing is kept but its status. */
export interface Posted {
  readonly outcome: AttemptOutcome;
  readonly httpStatus: number | null;
  readonly retryAfterMs: number | null;
}

export type Post = (posting: Posting, stopped: AbortSignal) => Promise<Posted>;

export interface PostParts {
  readonly resolve: (url: URL) => Promise<Resolved>;
  /** Whom to believe about names; read anew when it has changed. */
  readonly trust: () => Promise<SecureContext>;
  readonly patienceMs?: number;
}

const PATIENCE_MS = 15_000;
/** What a receiver says beyond that is not waited for. */
const MOST_OF_ANSWER = 4096;

/** Sends one event once, to an address that was looked at in this moment. Throws where it was `stopped`. */
export function createPost({ resolve, trust, patienceMs = PATIENCE_MS }: PostParts): Post {
  return async (posting, stopped) => {
    stopped.throwIfAborted();
    const leaving = new AbortController();
    const leave = (): void => leaving.abort();
    const late = setTimeout(leave, patienceMs);
    stopped.addEventListener('abort', leave);
    const { signal } = leaving;
    try {
      const resolved = await inTime(resolve(posting.url), signal);
      if ('outcome' in resolved) return without(resolved.outcome);
      const secureContext = await inTime(trust(), signal);
      return await exchange(posting, { addresses: resolved.addresses, secureContext, signal });
    } catch (error) {
      stopped.throwIfAborted();
      return without(signal.aborted ? 'late' : outcomeOf(error));
    } finally {
      clearTimeout(late);
      stopped.removeEventListener('abort', leave);
    }
  };
}

function without(outcome: AttemptOutcome): Posted {
  return { outcome, httpStatus: null, retryAfterMs: null };
}

/** A name server that says nothing cannot be called back, only left alone. */
function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(new Error('it took too long'));
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

interface Way {
  readonly addresses: readonly Address[];
  readonly secureContext: SecureContext;
  readonly signal: AbortSignal;
}

function exchange(posting: Posting, { addresses, secureContext, signal }: Way): Promise<Posted> {
  const { url, body } = posting;
  const options: RequestOptions = {
    method: 'POST',
    host: hostOf(url),
    port: url.port === '' ? undefined : Number(url.port),
    path: url.pathname + url.search,
    headers: { ...posting.headers, 'content-length': String(Buffer.byteLength(body)) },
    lookup: pinnedTo(addresses),
    // A connection for each: none is kept to an address that was looked at long ago.
    agent: false,
    maxHeaderSize: 16_384,
    signal,
  };
  const secure = { secureContext, rejectUnauthorized: true };
  return new Promise((resolve, reject) => {
    const outgoing =
      url.protocol === 'https:' ? requestHttps({ ...options, ...secure }) : requestHttp(options);
    // However the rest of its answer goes, it has said how it is.
    let posted: Posted | undefined;
    const leave = (error: Error): void => {
      if (posted === undefined) reject(error);
      else resolve(posted);
    };
    outgoing.on('error', leave);
    // One that was answered with 101 is destroyed without another word, and hears of no signal any more.
    outgoing.on('close', () => leave(new Error('closed without an answer')));
    signal.addEventListener('abort', () => leave(new Error('it took too long')), { once: true });
    requireAddress(outgoing, addresses);
    outgoing.on('response', (incoming) => {
      const answered = postedOf(incoming);
      posted = answered;
      const end = (): void => {
        resolve(answered);
        outgoing.destroy();
      };
      let octets = 0;
      incoming.on('data', (part: Buffer) => {
        octets += part.length;
        if (octets > MOST_OF_ANSWER) end();
      });
      incoming.on('end', end).on('error', end).on('close', end);
    });
    outgoing.end(body);
  });
}

/** Not at once: a connection that fails in the same moment does so before anybody listens to its errors, which ends the process. */
function pinnedTo(addresses: readonly Address[]): LookupFunction {
  return (_host, { all }, answer) => {
    const [first] = addresses;
    setImmediate(() => {
      if (all === true) answer(null, [...addresses]);
      else answer(null, first?.address ?? '', first?.family);
    });
  };
}

/** Whatever else there may be that leads a connection elsewhere: before a word is sent, it is where it should be. */
function requireAddress(outgoing: ClientRequest, addresses: readonly Address[]): void {
  outgoing.on('socket', (socket) => {
    socket.on('connect', () => {
      if (!addresses.some(({ address }) => address === socket.remoteAddress))
        outgoing.destroy(new Error('the connection leads elsewhere'));
    });
  });
}

function postedOf({ statusCode = 0, headers }: IncomingMessage): Posted {
  const retryAfterMs = retryAfter(headers['retry-after'], Date.now());
  return { outcome: outcomeOfStatus(statusCode), httpStatus: statusCode, retryAfterMs };
}

function outcomeOfStatus(status: number): AttemptOutcome {
  if (status >= 200 && status < 300) return 'delivered';
  if (status >= 300 && status < 400) return 'redirected';
  return status === 410 ? 'gone' : 'answered';
}

const UNTRUSTED =
  /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT|ERR_SSL_|HOSTNAME_MISMATCH|INVALID_CA)/;

function outcomeOf(error: unknown): AttemptOutcome {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return UNTRUSTED.test(code) ? 'untrusted' : 'unreachable';
}
