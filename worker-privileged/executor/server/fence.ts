import type { ExecutorRequest } from '../../../contract/executor.ts';
import { SupplantedError } from '../ensure.ts';
import type { Claims } from '../system/claims.ts';
import { causeOf, type Log } from '../system/log.ts';

/**
 * Which claim of each operation was asked for last. A worker that hung, and lost its operation to another, does not
 * know: what it asks for then, or what still waits here for its turn, is not done any more. Whoever may ask here may
 * claim operations as well: by a claim that is far ahead it keeps from itself what it could end otherwise, till a reboot.
 */
export type Fence = {
  readonly note: (asked: Claimed) => Promise<void>;
  /** Throws where the claim is not the last one. */
  readonly require: (asked: Claimed) => Promise<void>;
};

type Claimed = Pick<ExecutorRequest, 'operation' | 'epoch'>;

export function createFence(claims: Claims, log: Log): Fence {
  return {
    note: async ({ operation, epoch }) => {
      if (operation === null || epoch === undefined) return;
      // A server whose /run is full can still be repaired; a resource's version says what is older there, too.
      await claims
        .note(operation, epoch)
        .catch((cause: unknown) => log('error', 'a claim cannot be noted', causeOf(cause)));
    },
    require: async ({ operation, epoch }) => {
      if (operation === null || epoch === undefined || epoch >= (await claims.latest(operation))) return;
      throw new SupplantedError();
    },
  };
}
