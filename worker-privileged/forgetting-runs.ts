import type { VerbArgs } from '../contract/executor.ts';
import { toFailure } from '../contract/failures.ts';
import type { ServerId } from '../contract/ids.ts';
import { PartRemoval } from '../contract/site-parts.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../state/connection.ts';
import { forgetRun, forgetRunsOfGoneSites, oldRuns } from '../state/runs.ts';
import type { OldRun } from '../state/runs.ts';
import { AWAY, UNASKED } from './executor-calls.ts';
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

/**
 * To be called every minute or so: what commands said, and that they ran, is forgotten after a while, and with their
 * site. What is refused is passed over until the worker is started anew, so that it keeps no other from its turn. Never
 * throws.
 */
export function createForgettingRuns(parts: ForgettingRunsParts): () => Promise<void> {
  const { server, state, isActive, logger } = parts;
  const refused = new Set<string>();
  return async () => {
    if (!isActive()) return;
    try {
      await forgetRunsOfGoneSites(state);
      const old = await oldRuns(state, { server, days: KEPT_DAYS, without: [...refused] });
      for (const run of old) if (!(await forget(parts, run))) refused.add(run.id);
    } catch (error) {
      logger.warn({ err: error }, 'old commands were not forgotten');
    }
  };
}

/** False where root's side refuses it. One that the API made up is known here alone. */
async function forget(parts: ForgettingRunsParts, run: OldRun): Promise<boolean> {
  const place = PartRemoval.safeParse(run);
  if (place.success && !(await isGone(parts, place.data))) return false;
  await forgetRun(parts.state, run);
  return true;
}

/** What the executor does not know is gone already. */
async function isGone(
  { executor, logger }: ForgettingRunsParts,
  place: VerbArgs<'run.forget'>,
): Promise<boolean> {
  try {
    await executor.call('run.forget', place, UNASKED);
    return true;
  } catch (error) {
    const { code, message } = toFailure(error);
    // The next would fare no better.
    if (AWAY.has(code)) throw error;
    if (code !== 'not_found')
      logger.warn({ run: place.id, code, why: message }, 'an old command was not forgotten');
    return code === 'not_found';
  }
}
