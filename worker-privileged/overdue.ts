import type { OperationId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';

export interface OverdueParts {
  /** True when it was the operation's turn and it was carried out. Never throws. */
  readonly run: (id: OperationId) => Promise<boolean>;
  /** Whether nothing at all is under way. */
  readonly isIdle: () => boolean;
  readonly logger: Logger;
}

/**
 * What to do where the queue gives nothing of what waits: Redis is away, or whoever can write to it has paused the
 * queue, limited its rate or spoilt a key. All that counts stands in the database, so it is done without the queue.
 */
export interface Overdue {
  /** To be told in each round what waits and may be done. What waited in the last one too should be under way by now. */
  readonly look: (waiting: readonly OperationId[]) => void;
  /** Begins nothing more and waits for what is under way. */
  readonly stop: () => Promise<void>;
}

/** So many side by side, like the queue's. */
const LANES = 8;

export function createOverdue({ run, isIdle, logger }: OverdueParts): Overdue {
  let before: ReadonlySet<OperationId> = new Set();
  let underWay: Promise<void> | undefined;
  let stopped = false;

  async function carryOut(ids: OperationId[]): Promise<void> {
    let count = 0;
    const lane = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined && !stopped; id = ids.shift()) {
        if (await run(id)) count += 1;
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    if (count > 0) logger.warn({ count }, 'the queue gives nothing of what waits, done without it');
  }

  return {
    look: (waiting) => {
      const twice = waiting.filter((id) => before.has(id));
      before = new Set(waiting);
      if (stopped || twice.length === 0 || underWay !== undefined || !isIdle()) return;
      underWay = carryOut(twice).finally(() => (underWay = undefined));
    },
    stop: async () => {
      stopped = true;
      await underWay;
    },
  };
}
