import type { Response } from 'express';
import { ENDED } from '../../contract/operations.ts';
import type { Operation } from '../../contract/operations.ts';

/** A client that reads nothing is given up when so many bytes wait for it. */
const MOST_UNREAD_BYTES = 1_048_576;

/** One answer that is written as an operation moves on. */
export interface EventStream {
  /** Writes the operation as it is now; throws what reading it throws, and nothing was sent then. */
  readonly begin: () => Promise<void>;
  /** Looks whether the operation has changed, and writes it if so. What cannot be read now is tried next time. */
  readonly catchUp: () => Promise<void>;
  readonly ping: () => void;
  readonly end: () => void;
  /** When the last byte was taken, or the client has gone. */
  readonly closed: Promise<void>;
}

export function createEventStream(res: Response, read: () => Promise<Operation>): EventStream {
  const closed = new Promise<void>((resolve) => res.on('close', resolve));
  const isOver = (): boolean => res.writableEnded || res.destroyed;
  let sent = '';
  let busy = false;
  let changed = false;

  async function show(): Promise<void> {
    const operation = await read();
    if (isOver()) return;
    if (!res.headersSent) sendHeaders(res);
    const data = JSON.stringify(operation);
    if (data !== sent) res.write(`event: operation\ndata: ${data}\n\n`);
    sent = data;
    if (ENDED.has(operation.status)) res.end();
    else if (res.writableLength > MOST_UNREAD_BYTES) res.destroy();
  }

  async function catchUp(): Promise<void> {
    changed = true;
    if (busy) return;
    busy = true;
    while (changed && !isOver()) {
      changed = false;
      await show().catch(() => undefined);
    }
    busy = false;
  }

  return {
    begin: show,
    catchUp,
    ping: () => {
      if (!isOver()) res.write(': still here\n\n');
    },
    end: () => {
      if (!isOver()) res.end();
    },
    closed,
  };
}

function sendHeaders(res: Response): void {
  // X-Accel-Buffering: nginx passes each event on at once.
  res.status(200).set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
  res.flushHeaders();
}
