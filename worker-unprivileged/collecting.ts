import type { ServerId } from '../contract/ids.ts';
import { isMeant } from '../contract/webhooks.ts';
import type { Webhook } from '../contract/webhooks.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sql, State } from '../state/connection.ts';
import { endedSince, insertHappened, toldSince } from '../state/webhook-events.ts';
import type { Found, Happened, Position, Since } from '../state/webhook-events.ts';
import { listeningWebhooks } from '../state/webhooks.ts';

export interface CollectingParts {
  readonly server: ServerId;
  readonly state: State;
  readonly logger: Logger;
}

const PAGE = 500;
/** A row may become visible after a later one: so far it is looked back, and every so many rounds further. */
const LOOK_BACK_MS = 2000;
const FAR_BACK_MS = 300_000;
const FAR_EVERY = 30;

/**
 * Once round: for what happened since, a delivery to each webhook that is meant, in one transaction, so that none is told twice
 * however often this is begun anew. After a start the last day is looked at. Never throws.
 */
export function createCollecting({ server, state, logger }: CollectingParts): () => Promise<void> {
  const looks = [createLook(endedSince), createLook(toldSince)];
  let round = 0;
  return async () => {
    try {
      const webhooks = await listeningWebhooks(state, server);
      round += 1;
      for (const look of looks) {
        if (webhooks.length === 0) look.forget();
        else await look.once(state, { server, webhooks, far: round % FAR_EVERY === 0 });
      }
    } catch (error) {
      // That the database is away the monitor says, and once.
      logger.debug({ err: error }, 'what happened was not read');
    }
  };
}

interface Round {
  readonly server: ServerId;
  readonly webhooks: readonly Webhook[];
  readonly far: boolean;
}

/** Goes over one kind of what happens. */
function createLook(since: (sql: Sql, since: Since) => Promise<Found>) {
  let newest: Position | undefined;
  let seen = new Map<string, number>();

  async function once(state: State, { server, webhooks, far }: Round): Promise<void> {
    let from = newest && back(newest, far ? FAR_BACK_MS : LOOK_BACK_MS);
    for (;;) {
      const { happened, end, isFull } = await since(state, { server, from, limit: PAGE });
      for (const one of happened) {
        if (!seen.has(one.id)) await tell(state, one, webhooks);
        seen.set(one.id, Date.parse(one.at));
      }
      if (end !== undefined && (newest === undefined || end.at >= newest.at)) newest = end;
      if (!isFull) break;
      from = end;
    }
    const oldest = (newest?.at.getTime() ?? 0) - 2 * FAR_BACK_MS;
    if (far) seen = new Map([...seen].filter(([, at]) => at > oldest));
  }

  return {
    once,
    /** Nobody is to be told: where somebody is again, it is not of what was before. */
    forget: () => {
      newest = undefined;
      seen.clear();
    },
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

function back({ at }: Position, ms: number): Position {
  return { at: new Date(at.getTime() - ms), key: '0' };
}
