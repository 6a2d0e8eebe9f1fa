import type { OperationId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Offered } from './run-operation.ts';

export interface OverdueParts {
  /** Nothing comes of what is under way, or in line, already. Never throws. */
  readonly offer: (id: OperationId) => Promise<Offered>;
  readonly logger: Logger;
}

/**
 * What to do where the queue gives nothing of what waits: Redis is away, or whoever can write to it has paused the
 * queue, limited its rate or spoilt a key. All that counts stands in the database, so it is done without the queue.
 */
export interface Overdue {
  /** To be told in each round what waits and may be done. What waited in the last one too should be under way by now. */
  readonly look: (waiting: readonly OperationId[]) => void;
  /** Offers nothing more. */
  readonly stop: () => Promise<void>;
}

export function createOverdue({ offer, logger }: OverdueParts): Overdue {
  let before: ReadonlySet<OperationId> = new Set();
  let underWay: Promise<void> | undefined;
  let stopped = false;

  async function offerAll(ids: readonly OperationId[]): Promise<void> {
    const offered: Promise<boolean>[] = [];
    for (const id of ids) {
      if (!stopped) offered.push((await offer(id)).done);
    }
    void Promise.all(offered).then((done) => {
      const count = done.filter(Boolean).length;
      if (count > 0) logger.warn({ count }, 'the queue gives nothing of what waits, done without it');
    });
  }

  return {
    look: (waiting) => {
      const twice = waiting.filter((id) => before.has(id));
      before = new Set(waiting);
      if (stopped || twice.length === 0 || underWay !== undefined) return;
      underWay = offerAll(twice).finally(() => (underWay = undefined));
    },
    stop: async () => {
      stopped = true;
      await underWay;
    },
  };
}
