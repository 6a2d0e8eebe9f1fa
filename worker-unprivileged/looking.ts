import type { ServerId } from '../contract/ids.ts';
import { isUnavailable } from '../state/connection.ts';
import type { Sql, State } from '../state/connection.ts';
import { endedSince, toldSince } from '../state/webhook-events.ts';
import type { Found, Happened, Position, Since } from '../state/webhook-events.ts';

const PAGE = 500;
/** A row may become visible after a later one: so far it is looked back, and every so many rounds further. */
const LOOK_BACK_MS = 2000;
const FAR_BACK_MS = 300_000;
const FAR_EVERY = 30;

/** Whoever hears of what happens hears of it at least once, and by its id knows it again. */
export type Hear = (happened: Happened) => Promise<void>;

export interface Looking {
  /** Once round: all that happened since. After a start, and after `forget`, the last day is looked at. */
  readonly once: (state: State, server: ServerId, hear: Hear) => Promise<void>;
  /** Nobody is to be told: where somebody is again, it is not of what was before. */
  readonly forget: () => void;
}

export interface LookingParts {
  /** Told of what somebody could not hear of. */
  readonly unheard: (error: unknown) => void;
  readonly now?: (() => number) | undefined;
}

/** Goes over what happens: operations that ended, and notifications. */
export function createLooking(parts: LookingParts): Looking {
  const looks = [createLook(endedSince, parts), createLook(toldSince, parts)];
  let round = 0;
  return {
    once: async (state, server, hear) => {
      round += 1;
      for (const look of looks) await look.once(state, { server, hear, far: round % FAR_EVERY === 0 });
    },
    forget: () => looks.forEach((look) => look.forget()),
  };
}

interface Round {
  readonly server: ServerId;
  readonly hear: Hear;
  readonly far: boolean;
}

/** Goes over one kind of what happens. */
function createLook(
  since: (sql: Sql, since: Since) => Promise<Found>,
  { unheard, now = Date.now }: LookingParts,
) {
  let newest: Position | undefined;
  let seen = new Map<string, number>();

  /** One that cannot be told keeps no other from it; it is found again as long as is looked back. */
  async function hearOnce(one: Happened, hear: Hear): Promise<void> {
    if (seen.has(one.id)) return;
    try {
      await hear(one);
      seen.set(one.id, Date.parse(one.at));
    } catch (error) {
      if (isUnavailable(error)) throw error;
      unheard(error);
    }
  }

  async function once(state: State, { server, hear, far }: Round): Promise<void> {
    // The clock was put back: what comes is behind what has come.
    if (newest !== undefined && newest.at.getTime() > now()) newest = undefined;
    let from = newest && back(newest, far ? FAR_BACK_MS : LOOK_BACK_MS);
    for (;;) {
      const { happened, end, isFull } = await since(state, { server, from, limit: PAGE });
      for (const one of happened) await hearOnce(one, hear);
      if (end !== undefined && (newest === undefined || end.at >= newest.at)) newest = notAfter(end, now());
      if (!isFull) break;
      from = end;
    }
    const oldest = (newest?.at.getTime() ?? 0) - 2 * FAR_BACK_MS;
    if (far) seen = new Map([...seen].filter(([, at]) => at > oldest));
  }

  return {
    once,
    forget: () => {
      newest = undefined;
      seen.clear();
    },
  };
}

function notAfter(position: Position, now: number): Position {
  return position.at.getTime() > now ? { at: new Date(now), key: '0' } : position;
}

function back({ at }: Position, ms: number): Position {
  return { at: new Date(at.getTime() - ms), key: '0' };
}
