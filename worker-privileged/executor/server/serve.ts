import { createServer } from 'node:net';
import { serveLines, type Serving } from './lines.ts';

/** The first descriptor that systemd hands over: the socket that only the worker may connect to. */
const LISTEN_FD = 3;
const MOST_CALLERS = 16;

/** Serves the one caller that started this process; resolves when it has said all and been answered. */
export function serveStandardInput(serving: Serving): Promise<void> {
  return serveLines({ input: process.stdin, output: process.stdout }, serving);
}

/** Serves whoever connects; resolves when `stop` was signalled and what was under way has ended. */
export async function serveSocket(serving: Serving): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const done = serveLines({ input: socket, output: socket }, serving).finally(() => {
      underWay.delete(done);
      socket.end(() => socket.destroy());
    });
    underWay.add(done);
  });
  server.maxConnections = MOST_CALLERS;
  server.listen({ fd: LISTEN_FD });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    serving.stop.addEventListener('abort', () => resolve(), { once: true });
  });
  server.close();
  await Promise.all(underWay);
}
