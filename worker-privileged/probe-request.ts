import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Probe } from '../contract/executor.ts';

/**
 * `closed`: nginx took the connection and ended it without an answer. `silent`: nobody was there, or nothing
 * came that could be read, or no certificate was shown.
 */
export type Seen =
  | { readonly answer: 'page'; readonly status: number; readonly body: string }
  | { readonly answer: 'certificate'; readonly fingerprint: string }
  | { readonly answer: 'closed' }
  | { readonly answer: 'silent' };

const PATIENCE_MS = 5000;
/** More than any expected body; what comes after is not looked at. */
const MAX_BODY_BYTES = 1024;

/** One request to nginx's own listener for probes, on a connection of its own. Never throws. */
export function askOnce(socketPath: string, { host, path }: Probe): Promise<Seen> {
  return new Promise((resolve) => {
    let connected = false;
    let late = false;
    let answered = false;
    const asking = request({ socketPath, path, headers: { host }, agent: false }, (response) => {
      answered = true;
      void readPage(response).then(resolve);
    });
    asking.on('socket', (socket) => socket.on('connect', () => (connected = true)));
    asking.on('error', (error: NodeJS.ErrnoException) => {
      const ended = error.code === 'ECONNRESET' || error.code === 'EPIPE';
      resolve({ answer: connected && ended && !late ? 'closed' : 'silent' });
    });
    // What answers 101 ends by this alone.
    asking.on('close', () => {
      if (!answered) resolve({ answer: 'silent' });
    });
    asking.setTimeout(PATIENCE_MS, () => {
      late = true;
      asking.destroy();
    });
    asking.end();
  });
}

async function readPage(response: IncomingMessage): Promise<Seen> {
  const status = response.statusCode ?? 0;
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of response) {
      parts.push(part as Buffer);
      size += (part as Buffer).length;
      if (size > MAX_BODY_BYTES) break;
    }
  } catch {
    return { answer: 'silent' };
  }
  return { answer: 'page', status, body: Buffer.concat(parts).toString('utf8') };
}
