import type { ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../state/connection.ts';
import { forgetPlans } from '../state/planned-changes.ts';

export interface ForgettingPlansParts {
  readonly server: ServerId;
  readonly state: State;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

const KEPT = { hours: 24, ofTenant: 100, ofAll: 1000 } as const;

/** To be called every minute or so. What was found for a plan is not true for long. Never throws. */
export function createForgettingPlans(parts: ForgettingPlansParts): () => Promise<void> {
  const { server, state, isActive, logger } = parts;
  return async () => {
    if (!isActive()) return;
    try {
      await forgetPlans(state, { server, ...KEPT });
    } catch (error) {
      logger.warn({ err: error }, 'old plans were not forgotten');
    }
  };
}
