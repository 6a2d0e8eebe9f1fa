// SECURITY. Whoever has the agent's Redis may put anything in this queue. A job is believed in nothing but an
// operation's id, and that only as far as the database knows it; what else it holds is refused with a line in
// the log, and never keeps the next one from its turn.
import { Worker } from 'bullmq';
import type { ConnectionOptions } from 'bullmq';
import type { OperationId, ServerId } from '../contract/ids.ts';
import { privilegedQueue, REDIS_PREFIX, WAKE_UP, WakeUp } from '../contract/operations.ts';
import type { Logger } from '../runtime/logger.ts';

/** Of how many wake-ups it is looked up at once what they are about. */
const CONCURRENCY = 8;
const LOCK_MS = 30_000;
const CLOSE_MS = 3000;

export interface QueueParts {
  readonly connection: ConnectionOptions;
  readonly server: ServerId;
  /** Resolves when it is under way, or in line. */
  readonly offer: (id: OperationId) => Promise<unknown>;
  readonly logger: Logger;
  /** Whoever has not renewed its hold of a job for so long has died. */
  readonly lockMs?: number;
}

export interface Queue {
  /** Begins to take jobs, or goes on after a pause. */
  readonly start: () => void;
  /** Takes no more; what was offered goes on. */
  readonly pause: () => Promise<void>;
  /** Takes no more and waits until all that it took is offered. */
  readonly close: () => Promise<void>;
}

export function createQueue({ connection, server, offer, logger, lockMs = LOCK_MS }: QueueParts): Queue {
  const underWay = new Set<Promise<unknown>>();
  const worker = new Worker(
    privilegedQueue(server),
    async (job) => {
      const id = readJob(job);
      if (id === undefined) logger.warn({ job: clip(job.id), name: clip(job.name) }, 'job refused');
      else await during(underWay, offer(id));
    },
    {
      connection,
      prefix: REDIS_PREFIX,
      concurrency: CONCURRENCY,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      autorun: false,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  );
  let begun = false;
  logErrors(worker, logger);
  return {
    start: () => {
      if (begun) {
        void worker.resume();
        return;
      }
      begun = true;
      // Should it end by itself, nothing would be done any more: the process dies of it and is started anew.
      void worker.run();
    },
    pause: async () => {
      if (begun) await worker.pause(true);
    },
    close: async () => {
      const closed = worker.close();
      await Promise.all(underWay);
      await within(CLOSE_MS, closed);
    },
  };
}

async function during(underWay: Set<Promise<unknown>>, work: Promise<unknown>): Promise<void> {
  underWay.add(work);
  await work.finally(() => underWay.delete(work));
}

/** BullMQ may wait for ever for a connection that is just being made anew; nothing of ours is under way by then. */
async function within(ms: number, closed: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([closed, late]).finally(() => clearTimeout(timer));
}

/** While Redis is away the same error comes again and again; it is one line until a job has been taken. */
function logErrors(worker: Worker, logger: Logger): void {
  let last: string | undefined;
  worker.on('error', (error) => {
    if (error.message !== last) logger.warn({ err: error }, 'queue error');
    last = error.message;
  });
  worker.on('active', () => (last = undefined));
}

/** The one thing a job may say. */
export function readJob(job: { readonly name: string; readonly data: unknown }): OperationId | undefined {
  if (job.name !== WAKE_UP) return undefined;
  const wakeUp = WakeUp.safeParse(job.data);
  return wakeUp.success ? wakeUp.data.operationId : undefined;
}

function clip(text: unknown): string {
  return String(text).slice(0, 64);
}
