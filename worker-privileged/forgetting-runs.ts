import type { ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../state/connection.ts';
import { forgetRun, oldRuns } from '../state/runs.ts';
import { UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

export interface ForgettingRunsParts {
  readonly server: ServerId;
  readonly state: State;
  readonly executor: Pick<Executor, 'call'>;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

/** How long it can be read what a command has said. */
const KEPT_DAYS = 7;

/** To be called every minute or so: what commands said, and that they ran, is forgotten after a while. Never throws. */
export function createForgettingRuns(parts: ForgettingRunsParts): () => Promise<void> {
  const { server, state, executor, isActive, logger } = parts;
  return async () => {
    if (!isActive()) return;
    try {
      for (const run of await oldRuns(state, server, KEPT_DAYS)) {
        await executor.call('run.forget', run, UNASKED);
        await forgetRun(state, run);
      }
    } catch (error) {
      logger.warn({ err: error }, 'old commands were not forgotten');
    }
  };
}
