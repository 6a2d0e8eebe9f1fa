import { toFailure } from '../contract/failures.ts';
import type { DomainId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import { UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

export interface RenewingParts {
  readonly executor: Pick<Executor, 'call'>;
  /** Whether this is the server's only worker, and packages are not being replaced. */
  readonly isActive: () => boolean;
  /** Whether an operation is under way. */
  readonly isBusy: () => boolean;
  readonly logger: Logger;
}

export interface Renewing {
  /** Packages were replaced. */
  readonly noteUpdate: () => void;
  /** To be called every second: has whoever runs what was replaced start anew. Never throws. */
  readonly once: () => Promise<void>;
  /** Whether all that ran what was replaced has been started anew, as far as it could be. */
  readonly isOver: () => boolean;
  /** Nothing is begun while the agent's own processes are about to start anew. */
  readonly mayBegin: () => boolean;
}

/** So long what is under way may go on; what is not done then is handed back, as at every stop. */
const ROUNDS_TO_WAIT = 60;
const ROUNDS_AFTER_FAILURE = 60;

export function createRenewing({ executor, isActive, isBusy, logger }: RenewingParts): Renewing {
  // What an earlier worker did not come to is seen when one starts; its own processes are new by then.
  let [ofOwn, ofSites] = [false, true];
  let stale: readonly string[] = [];
  let underWay = false;
  let held = 0;
  let pause = 0;

  function begin(own: boolean): void {
    [ofOwn, ofSites, stale, held, pause] = [own, true, [], 0, 0];
  }

  async function renewOwn(): Promise<void> {
    if (stale.length === 0) stale = (await executor.call('updates.look', {}, UNASKED)).services;
    if (stale.length > 0 && isBusy() && held < ROUNDS_TO_WAIT) {
      held += 1;
      return;
    }
    if (stale.length > 0) {
      logger.info({ services: stale }, 'processes of the agent ran what was replaced, started anew');
      await executor.call('updates.restart', {}, UNASKED);
    }
    begin(false);
  }

  async function renewSites(): Promise<void> {
    const { sites } = await executor.call('updates.look', {}, UNASKED);
    for (const id of sites) await renewSite(id);
    if (sites.length > 0)
      logger.info({ count: sites.length }, 'PHP of sites ran what was replaced, started anew');
  }

  /** One that does not start keeps no other from it, and serves as it did. */
  async function renewSite(id: DomainId): Promise<void> {
    try {
      await executor.call('site.renew', { id }, UNASKED);
    } catch (error) {
      if (toFailure(error).code === 'executor_unavailable') throw error;
      logger.warn({ err: error, site: id }, 'PHP of a site was not started anew');
    }
  }

  async function renew(): Promise<void> {
    if (ofOwn) {
      await renewOwn();
      return;
    }
    ofSites = false;
    underWay = true;
    await renewSites().finally(() => (underWay = false));
  }

  return {
    noteUpdate: () => begin(true),
    once: async () => {
      if (!isActive() || !(ofOwn || ofSites)) return;
      if (pause > 0) {
        pause -= 1;
        return;
      }
      try {
        await renew();
      } catch (error) {
        begin(ofOwn);
        pause = ROUNDS_AFTER_FAILURE;
        const { code } = toFailure(error);
        if (code !== 'executor_unavailable' && code !== 'invalid_request')
          logger.warn({ err: error }, 'not known who runs what was replaced');
      }
    },
    isOver: () => !underWay && !ofOwn && (!ofSites || pause > 0),
    mayBegin: () => stale.length === 0,
  };
}
