import { createServer } from 'node:net';
import { serveLines, type Serving } from './lines.ts';

const MOST_CALLERS = 16;

/** Serves the one caller that started this process; resolves when it has said all and been answered. */
export function serveStandardInput(serving: Serving): Promise<void> {
  return serveLines({ input: process.stdin, output: process.stdout }, serving);
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
