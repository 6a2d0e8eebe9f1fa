import type { Logger } from '../runtime/logger.ts';
import type { State } from '../state/connection.ts';
import { forgetWebhooks } from '../state/forgetting-webhooks.ts';
import { forgetNotices } from '../state/mail-notices.ts';

export interface ForgettingWebhooksParts {
  readonly state: State;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

/** How long it can be read what was sent, and sent again. */
const KEPT_DAYS = 7;

/** To be called every minute or so. Never throws. */
export function createForgettingWebhooks(parts: ForgettingWebhooksParts): () => Promise<void> {
  const { state, isActive, logger } = parts;
  return async () => {
    if (!isActive()) return;
    try {
      await forgetWebhooks(state, KEPT_DAYS);
      await forgetNotices(state, KEPT_DAYS);
    } catch (error) {
      logger.warn({ err: error }, 'what was told by webhooks and mail was not forgotten');
    }
  };
}
