import type { ExecutorRequest } from '../../../contract/executor.ts';
import { FailureError } from '../../../contract/failures.ts';
import type { OperationId } from '../../../contract/ids.ts';

/**
 * Which claim of each operation was asked for last. A worker that hung, and lost its operation to another, does not
 * know: what it asks for then, or what still waits here for its turn, is not done any more.
 */
export type Fence = {
  readonly note: (asked: Claimed) => void;
  /** Throws where the claim is not the last one. */
  readonly require: (asked: Claimed) => void;
};

type Claimed = Pick<ExecutorRequest, 'operation' | 'epoch'>;

/** More than there are under way; of those that are forgotten, a resource's version still says what is older. */
const REMEMBERED = 10_000;

export function createFence(): Fence {
  const latest = new Map<OperationId, number>();
  return {
    note: ({ operation, epoch }) => {
      if (operation === null || epoch === undefined || epoch <= (latest.get(operation) ?? 0)) return;
      latest.delete(operation);
      latest.set(operation, epoch);
      for (const oldest of latest.keys()) {
        if (latest.size <= REMEMBERED) break;
        latest.delete(oldest);
      }
    },
    require: ({ operation, epoch }) => {
      if (operation === null || epoch === undefined || epoch >= (latest.get(operation) ?? 0)) return;
      throw new FailureError(
        'executor_unavailable',
        'Another worker has taken this operation over meanwhile.',
        'Nothing is to be done: it goes on there.',
      );
    },
  };
}
