import type { ServerId } from '../contract/ids.ts';
import { isMeant } from '../contract/webhooks.ts';
import type { Webhook } from '../contract/webhooks.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../state/connection.ts';
import { insertHappened } from '../state/webhook-events.ts';
import type { Happened } from '../state/webhook-events.ts';
import { listeningWebhooks } from '../state/webhooks.ts';
import { createLooking } from './looking.ts';

export interface CollectingParts {
  readonly server: ServerId;
  readonly state: State;
  readonly logger: Logger;
}

/**
 * Once round: for what happened since, a delivery to each webhook that is meant, in one transaction, so that none is told twice
 * however often this is begun anew. After a start the last day is looked at. Never throws.
 */
export function createCollecting({ server, state, logger }: CollectingParts): () => Promise<void> {
  const looking = createLooking();
  return async () => {
    try {
      const webhooks = await listeningWebhooks(state, server);
      if (webhooks.length === 0) looking.forget();
      else await looking.once(state, server, (happened) => tell(state, happened, webhooks));
    } catch (error) {
      // That the database is away the monitor says, and once.
      logger.debug({ err: error }, 'what happened was not read');
    }
  };
}

async function tell(state: State, happened: Happened, webhooks: readonly Webhook[]): Promise<void> {
  const meant = webhooks.filter(
    ({ tenant, events, createdAt }) =>
      (tenant === null || tenant === happened.tenant) &&
      isMeant(events, happened.body.type) &&
      createdAt <= happened.at,
  );
  if (meant.length === 0) return;
  await insertHappened(
    state,
    happened,
    meant.map(({ id }) => id),
  );
}
