import { toFailure } from '../contract/failures.ts';
import type { Logger } from '../runtime/logger.ts';
import { UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

export interface MakingRoomParts {
  readonly executor: Pick<Executor, 'call'>;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  /** Whether an operation is under way. */
  readonly isBusy: () => boolean;
  /** Has what waits begun. */
  readonly goOn: () => Promise<void>;
  readonly logger: Logger;
}

export interface MakingRoom {
  /** To be called every second: asks whether the distribution is replacing packages. Never throws. */
  readonly once: () => Promise<void>;
  /** Whether anything may begin. Where that was never asked it is asked now: this may have been started in the midst of it. */
  readonly mayBegin: () => Promise<boolean>;
  /** Undefined where that was never asked. */
  readonly isUnderWay: () => boolean | undefined;
}

export function createMakingRoom({ executor, isActive, isBusy, goOn, logger }: MakingRoomParts): MakingRoom {
  let underWay: boolean | undefined;
  let first: Promise<void> | undefined;
  let failing = false;

  async function ask(): Promise<boolean> {
    try {
      const idle = underWay === true && !isBusy();
      const answer = await executor.call('updates.meet', { idle }, UNASKED);
      failing = false;
      return answer.underWay;
    } catch (error) {
      const { code } = toFailure(error);
      // Where it is away, or a former one, others say so. One line until it goes again.
      if (!failing && code !== 'executor_unavailable' && code !== 'invalid_request')
        logger.warn({ err: error }, 'not known whether packages are being replaced');
      failing = true;
      return false;
    }
  }

  async function look(): Promise<void> {
    const before = underWay ?? false;
    underWay = await ask();
    if (underWay === before) return;
    logger.info(
      underWay ? 'packages are being replaced, nothing is begun' : 'packages were replaced, going on',
    );
    if (!underWay) await goOn();
  }

  return {
    once: async () => {
      if (isActive()) await look();
    },
    mayBegin: async () => {
      if (underWay === undefined) await (first ??= look());
      return underWay === false;
    },
    isUnderWay: () => underWay,
  };
}
