import { createServer } from 'node:net';
import type { Writable } from 'node:stream';
import { serveLines, type Serving } from './lines.ts';

const MOST_CALLERS = 16;

/** Whoever has not taken its last answers by then does not want them. */
const PATIENCE_MS = 5_000;

/** Serves the one caller that started this process; resolves when it has said all and been answered. */
export async function serveStandardInput(serving: Serving): Promise<void> {
  await serveLines({ input: process.stdin, output: process.stdout }, serving);
  await taken(process.stdout);
}

/** The process ends after this, and with it what still waits for a caller that reads slowly. */
function taken(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS);
    output.write('', () => resolve());
  });
}

/** Serves whoever connects to the socket of that descriptor; resolves when `stop` was signalled and what was under way has ended. */
export async function serveSocket(serving: Serving, fd: number): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const done = serveLines({ input: socket, output: socket }, serving).finally(() => {
      underWay.delete(done);
      socket.end(() => socket.destroy());
    });
    underWay.add(done);
  });
  server.maxConnections = MOST_CALLERS;
  server.listen({ fd });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    serving.stop.addEventListener('abort', () => resolve(), { once: true });
  });
  server.close();
  await Promise.all(underWay);
}
