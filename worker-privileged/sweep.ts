import { randomBytes } from 'node:crypto';
import type { ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { WakeUps } from '../runtime/wake-ups.ts';
import type { State } from '../state/connection.ts';
import { queuedOperations } from '../state/open-operations.ts';
import { endUnclaimable } from '../state/outcomes.ts';
import { putBackOrphans } from '../state/tickets.ts';
import type { Overdue } from './overdue.ts';
import type { Pauses } from './pauses.ts';
import type { Queue } from './queue.ts';
import type { WorkerLock } from './worker-lock.ts';

export interface SweepParts {
  readonly server: ServerId;
  readonly state: State;
  readonly lock: WorkerLock;
  readonly queue: Pick<Queue, 'start' | 'pause'>;
  readonly wakeUps: Pick<WakeUps, 'wake'>;
  readonly isRunning: (id: string) => boolean;
  readonly pauses: Pick<Pauses, 'isOver'>;
  readonly overdue: Pick<Overdue, 'look'>;
  readonly logger: Logger;
}

export interface Sweep {
  /**
   * Once round: sees that this is the server's only worker, and else takes nothing; puts back what a crash left
   * running; wakes all that waits, and sees to what no wake-up has helped. Never throws.
   */
  readonly once: () => Promise<void>;
  /** Whether the last round found this to be the server's only worker. */
  readonly isActive: () => boolean;
}

export function createSweep(parts: SweepParts): Sweep {
  const { lock, queue, logger } = parts;
  // A job of this id that a former process took with it into its grave would swallow ours.
  const prefix = `sweep-${randomBytes(6).toString('hex')}`;
  let active: boolean | undefined;

  async function follow(held: boolean): Promise<void> {
    if (held) {
      await putBack(parts);
      await refuseUnclaimable(parts);
      if (active !== true) queue.start();
      await wakeAll(parts, prefix);
    } else if (active !== false) {
      logger.warn('another worker of this server is at work, waiting');
      await queue.pause();
    }
    active = held;
  }

  return {
    once: async () => {
      try {
        await follow(await lock.hold());
      } catch (error) {
        logger.warn({ err: error }, 'sweep broken off');
      }
    },
    isActive: () => active === true,
  };
}

async function putBack({ state, server, isRunning, logger }: SweepParts): Promise<void> {
  const count = await putBackOrphans(state, server, isRunning);
  if (count > 0) logger.warn({ count }, 'operations that nobody carried out are queued again');
}

async function refuseUnclaimable({ state, server, logger }: SweepParts): Promise<void> {
  const count = await endUnclaimable(state, server);
  if (count > 0) logger.warn({ count }, 'operations that nobody can claim are refused');
}

async function wakeAll(
  { state, server, wakeUps, pauses, overdue }: SweepParts,
  prefix: string,
): Promise<void> {
  const waiting = (await queuedOperations(state, server)).filter((id) => pauses.isOver(id));
  overdue.look(waiting);
  for (const id of waiting) {
    // Redis is away: the next round is soon enough.
    if (!(await wakeUps.wake(id, { jobId: `${prefix}-${id}` }))) return;
  }
}
