import type { ServerId } from '../contract/ids.ts';
import { isMeant } from '../contract/webhooks.ts';
import type { Webhook } from '../contract/webhooks.ts';
import type { Logger } from '../runtime/logger.ts';
import { isUnavailable } from '../state/connection.ts';
import type { Sql, State } from '../state/connection.ts';
import { endedSince, insertHappened, toldSince } from '../state/webhook-events.ts';
import type { Found, Happened, Position, Since } from '../state/webhook-events.ts';
import { listeningWebhooks } from '../state/webhooks.ts';
import { createComplaints } from './complaining.ts';
import type { Complain } from './complaining.ts';

export interface CollectingParts {
  readonly server: ServerId;
  readonly state: State;
  readonly logger: Logger;
  readonly now?: () => number;
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
export function createCollecting(parts: CollectingParts): () => Promise<void> {
  const { server, state, logger, now = Date.now } = parts;
  const looks = [createLook(endedSince, now), createLook(toldSince, now)];
  const complain = createComplaints(logger);
  let round = 0;
  return async () => {
    try {
      const webhooks = await listeningWebhooks(state, server);
      round += 1;
      for (const look of looks) {
        if (webhooks.length === 0) look.forget();
        else await look.once(state, { server, webhooks, complain, far: round % FAR_EVERY === 0 });
      }
    } catch (error) {
      complain(error, 'what happened was not read');
    }
  };
}

interface Round {
  readonly server: ServerId;
  readonly webhooks: readonly Webhook[];
  readonly far: boolean;
  readonly complain: Complain;
}

/** Goes over one kind of what happens. */
function createLook(since: (sql: Sql, since: Since) => Promise<Found>, now: () => number) {
  let newest: Position | undefined;
  let seen = new Map<string, number>();

  /** One that cannot be told keeps no other from it; it is found again as long as is looked back. */
  async function tellOnce(state: State, one: Happened, { webhooks, complain }: Round): Promise<void> {
    if (seen.has(one.id)) return;
    try {
      await tell(state, one, webhooks);
      seen.set(one.id, Date.parse(one.at));
    } catch (error) {
      if (isUnavailable(error)) throw error;
      complain(error, 'what happened was not told to webhooks');
    }
  }

  async function once(state: State, round: Round): Promise<void> {
    const { server, far } = round;
    // The clock was put back: what comes is behind what has come.
    if (newest !== undefined && newest.at.getTime() > now()) newest = undefined;
    let from = newest && back(newest, far ? FAR_BACK_MS : LOOK_BACK_MS);
    for (;;) {
      const { happened, end, isFull } = await since(state, { server, from, limit: PAGE });
      for (const one of happened) await tellOnce(state, one, round);
      if (end !== undefined && (newest === undefined || end.at >= newest.at)) newest = notAfter(end, now());
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

function notAfter(position: Position, now: number): Position {
  return position.at.getTime() > now ? { at: new Date(now), key: '0' } : position;
}

function back({ at }: Position, ms: number): Position {
  return { at: new Date(at.getTime() - ms), key: '0' };
}
