import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { codeOf, ConnectionError } from './errors.ts';
import type { Reply, Request, Transport } from './transport.ts';

/** The API sends a comment every 15 s while an operation is followed: silence this long is a broken line. */
const IDLE_MS = 45_000;

export type Endpoint =
  { readonly socketPath: string } | { readonly address: URL; readonly ca: string | undefined };

/** HTTP by Node's own modules: no redirect is followed, no proxy asked, no connection kept. */
export function createHttpTransport(endpoint: Endpoint): Transport {
  return (request) =>
    new Promise<Reply>((resolve, reject) => {
      const fail = (error: Error): void => reject(explain(error, endpoint));
      const start =
        'address' in endpoint && endpoint.address.protocol === 'https:' ? httpsRequest : httpRequest;
      const outgoing = start(options(endpoint, request), (answer) => resolve(reply(answer, endpoint)));
      outgoing.on('error', fail);
      outgoing.setTimeout(IDLE_MS, () => outgoing.destroy(new SilenceError()));
      outgoing.end(request.body);
    });
}

function options(endpoint: Endpoint, request: Request): RequestOptions {
  const body = request.body === undefined ? {} : { 'content-type': 'application/json' };
  const length = request.body === undefined ? {} : { 'content-length': Buffer.byteLength(request.body) };
  const asked = {
    agent: false,
    method: request.method,
    headers: { accept: 'application/json', ...request.headers, ...body, ...length },
  } as const;
  if ('socketPath' in endpoint) {
    return { ...asked, socketPath: endpoint.socketPath, path: request.path, host: 'localhost' };
  }
  const { hostname, port } = endpoint.address;
  // Node wants an IPv6 address without the brackets that a URL has.
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const ca = endpoint.ca === undefined ? {} : { ca: endpoint.ca };
  return { ...asked, ...ca, host, path: request.path, ...(port === '' ? {} : { port }) };
}

function reply(answer: IncomingMessage, endpoint: Endpoint): Reply {
  answer.setEncoding('utf8');
  return {
    status: answer.statusCode ?? 0,
    contentType: answer.headers['content-type'] ?? '',
    body: textOf(answer, endpoint),
  };
}

async function* textOf(answer: IncomingMessage, endpoint: Endpoint): AsyncGenerator<string> {
  try {
    for await (const chunk of answer) yield String(chunk);
  } catch (error) {
    throw explain(error, endpoint);
  }
}

function explain(error: unknown, endpoint: Endpoint): ConnectionError {
  const where = 'socketPath' in endpoint ? endpoint.socketPath : endpoint.address.origin;
  const code = codeOf(error);
  if (code === 'EACCES') {
    return new ConnectionError(`${where} may not be opened by this user`, 'Run sculptorctl as root.', false);
  }
  if (isAboutCertificate(code)) {
    const hint = "Give the server's own certificate with --ca FILE if it is self-signed.";
    return new ConnectionError(`The certificate of ${where} is not trusted (${code})`, hint, false);
  }
  // What the TLS handshake ended with: the newer Node's word for it, and the older one's.
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') {
    const hint = "The address wants the server's own name, as it was installed with.";
    return new ConnectionError(`${where} does not answer under this name (${code})`, hint, false);
  }
  const hint = 'Is the agent running? On its server: systemctl status sculptor-api';
  return new ConnectionError(`The agent does not answer on ${where} (${code})`, hint, true);
}

function isAboutCertificate(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME|ERR_TLS/.test(code);
}

class SilenceError extends Error {
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('nothing came for 45 seconds');
    this.name = 'SilenceError';
  }
}
