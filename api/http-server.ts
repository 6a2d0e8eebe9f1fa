import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { problemDocument, ProblemError } from './problems.ts';

/** Limits for clients that are slow, endless or many. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // Longer than nginx keeps its own end open, so that it never sends into a connection being closed.
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16_384,
} as const;
const MOST_CONNECTIONS = 2000;
const MOST_REQUESTS_OF_A_CONNECTION = 1000;
const MOST_HEADERS = 100;

export function createHttpServer(app: RequestListener): Server {
  const server = createServer(LIMITS, withFewHeaders(app));
  server.maxConnections = MOST_CONNECTIONS;
  server.maxRequestsPerSocket = MOST_REQUESTS_OF_A_CONNECTION;
  // Beyond a count of its own Node.js drops headers without a word, and one of them says who asks.
  server.maxHeadersCount = 0;
  server.on('clientError', answerClientError);
  return server;
}

function withFewHeaders(app: RequestListener): RequestListener {
  return (req, res) => {
    if (req.rawHeaders.length <= 2 * MOST_HEADERS) {
      app(req, res);
      return;
    }
    const body = JSON.stringify({ ...problemDocument(TOO_LARGE), status: 431 });
    res.writeHead(431, { Connection: 'close', 'Content-Type': 'application/problem+json' }).end(body);
  };
}

/** For a port, where nobody vouches for what a caller says of itself: what nginx would write is written here. */
export function asSeenHere(app: RequestListener): RequestListener {
  return (req, res) => {
    // Undefined when the caller is gone again: then it came from nowhere, not from root's socket.
    req.headers['x-forwarded-for'] = req.socket.remoteAddress ?? 'gone';
    app(req, res);
  };
}

/**
 * Listens on a unix socket that its owner and group may use (0660; the group is the folder's, by its setgid
 * bit). What an earlier process left at the path is removed; a process that still answers there is an error.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  await removeStaleSocket(path);
  const before = process.umask(0o117);
  try {
    await listening(server, () => server.listen(path));
  } finally {
    process.umask(before);
  }
}

/** For those who were told to open a port: on this machine only. */
export function listenOnPort(server: Server, port: number): Promise<void> {
  return listening(server, () => server.listen(port, '127.0.0.1'));
}

/** Takes no more connections, closes idle ones at once, and resolves when the last request has been answered. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A connection that is busy now becomes idle with its answer, and would be kept open for the next request.
    const sweep = setInterval(() => server.closeIdleConnections(), 100);
    server.close(() => {
      clearInterval(sweep);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function listening(server: Server, begin: () => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    begin();
  });
}

async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} is there and is not a socket; it was left alone`);
  if (await isAnswered(path)) throw new Error(`another process answers on ${path}`);
  await unlink(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** What is not HTTP never reaches the app; it is told so in the same form. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [line, problem] = CLIENT_ERRORS[error.code ?? ''] ?? MALFORMED;
  const body = JSON.stringify({ ...problemDocument(problem), status: Number(line.slice(0, 3)) });
  const head = `HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n`;
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

const MALFORMED = [
  '400 Bad Request',
  new ProblemError('invalid-json', 'This is not a request in HTTP.'),
] as const;

const TOO_LARGE = new ProblemError('too-large', 'The headers are too large, or too many.');

const CLIENT_ERRORS: Readonly<Record<string, readonly [line: string, problem: ProblemError]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', TOO_LARGE],
  ERR_HTTP_REQUEST_TIMEOUT: [
    '408 Request Timeout',
    new ProblemError('unavailable', 'The request did not arrive in time.'),
  ],
};
