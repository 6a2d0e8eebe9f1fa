import type { Readable, Writable } from 'node:stream';
import type { ExecutorAnswer } from '../../../contract/executor.ts';
import { FailureError } from '../../../contract/failures.ts';
import type { Audit } from './audit.ts';
import type { Dispatch } from './dispatch.ts';
import { BrokenLineError, createLineReader } from './line-reader.ts';

/** What a caller may leave unread before it is taken for gone. */
const MOST_UNREAD_BYTES = 1_048_576;

type Caller = { readonly input: Readable; readonly output: Writable };
export type Serving = { readonly dispatch: Dispatch; readonly audit: Audit; readonly stop: AbortSignal };

/**
 * Serves one caller, a line a request, until its input ends or `stop` is signalled; resolves when all that was
 * asked is answered. A line that is too long or no text ends the conversation. A caller that goes away does not
 * stop what it asked for: half a change would be worse than a whole one.
 */
export async function serveLines(caller: Caller, { dispatch, audit, stop }: Serving): Promise<void> {
  const { input, output } = caller;
  const answer = (line: ExecutorAnswer) => write(output, line);
  const underWay = new Set<Promise<void>>();
  output.on('error', () => undefined);
  try {
    await readLines(input, stop, (line) => {
      const done = dispatch(line, answer).finally(() => underWay.delete(done));
      underWay.add(done);
    });
  } catch (cause) {
    const why = cause instanceof BrokenLineError ? cause.message : 'its connection broke';
    await audit({ event: 'refused', outcome: why });
    answer({ request: null, error: broken(why).failure });
  }
  await Promise.all(underWay);
}

/** Rejects at the first line that cannot be one; nothing is read after that. */
async function readLines(input: Readable, stop: AbortSignal, take: (line: string) => void): Promise<void> {
  const reader = createLineReader();
  const over = new AbortController();
  const signal = AbortSignal.any([stop, over.signal]);
  try {
    await new Promise<void>((resolve, reject) => {
      const attempt = (act: () => void) => {
        try {
          if (!signal.aborted) act();
        } catch (cause) {
          reject(cause instanceof Error ? cause : new Error(String(cause)));
          over.abort();
        }
      };
      input.on('data', (chunk: Buffer) => attempt(() => reader.push(chunk, take)));
      input.on('end', () => attempt(() => reader.end()));
      input.on('error', reject);
      input.on('close', () => resolve());
      input.on('end', () => resolve());
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    over.abort();
    input.pause();
  }
}

function write(output: Writable, line: ExecutorAnswer): void {
  if (output.destroyed || output.writableEnded) return;
  if (output.writableLength > MOST_UNREAD_BYTES) output.destroy();
  else output.write(`${JSON.stringify(line)}\n`);
}

function broken(why: string): FailureError {
  return new FailureError(
    'invalid_request',
    `The privileged side ended the conversation: ${why}.`,
    'A request is one line of JSON of at most 64 KiB.',
  );
}
