import { ENDED } from '../contract/operations.ts';
import { Operation } from './answers.ts';
import { understand, type Client } from './client.ts';
import { ConnectionError, RefusedError } from './errors.ts';

const POLL_MS = 1_000;
/** A restart of the agent takes seconds; after this many misses in a row somebody has to look. */
const MOST_MISSES = 15;

export type Follow = {
  readonly client: Client;
  readonly id: string;
  /** Called with every state of the operation that was seen, the last one included. */
  readonly show: (operation: Operation) => void;
  readonly pause: (ms: number) => Promise<void>;
};

/** Waits for the end of an operation: on its stream of events and, where that breaks, by asking again. */
export async function follow(parts: Follow): Promise<Operation> {
  return (await listen(parts)) ?? (await poll(parts));
}

async function listen({ client, id, show }: Follow): Promise<Operation | undefined> {
  try {
    for await (const event of client.events(`/v1/operations/${encodeURIComponent(id)}/events`)) {
      const operation = understand(Operation, event);
      show(operation);
      if (ENDED.has(operation.status)) return operation;
    }
  } catch (error) {
    if (!isPassing(error)) throw error;
  }
  return undefined;
}

async function poll(parts: Follow): Promise<Operation> {
  let misses = 0;
  for (;;) {
    try {
      const operation = understand(
        Operation,
        await parts.client.get(`/v1/operations/${encodeURIComponent(parts.id)}`),
      );
      misses = 0;
      parts.show(operation);
      if (ENDED.has(operation.status)) return operation;
    } catch (error) {
      misses += 1;
      if (!isPassing(error) || misses >= MOST_MISSES) throw goesOn(error, parts.id);
    }
    await parts.pause(POLL_MS);
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionError) return error.retry;
  return error instanceof RefusedError && error.problem.status >= 500;
}

/** What was asked for goes on without anybody watching: say how to see its end. */
function goesOn(error: unknown, id: string): unknown {
  if (!(error instanceof ConnectionError)) return error;
  const hint = `The operation goes on. To see its end: sculptorctl operation follow ${id}`;
  return new ConnectionError(error.message, hint, false);
}
