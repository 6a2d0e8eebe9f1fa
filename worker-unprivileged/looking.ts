import type { ServerId } from '../contract/ids.ts';
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

/** Goes over what happens: operations that ended, and notifications. */
export function createLooking(): Looking {
  const looks = [createLook(endedSince), createLook(toldSince)];
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
function createLook(since: (sql: Sql, since: Since) => Promise<Found>) {
  let newest: Position | undefined;
  let seen = new Map<string, number>();

  async function once(state: State, { server, hear, far }: Round): Promise<void> {
    let from = newest && back(newest, far ? FAR_BACK_MS : LOOK_BACK_MS);
    for (;;) {
      const { happened, end, isFull } = await since(state, { server, from, limit: PAGE });
      for (const one of happened) {
        if (!seen.has(one.id)) await hear(one);
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
    forget: () => {
      newest = undefined;
      seen.clear();
    },
  };
}

function back({ at }: Position, ms: number): Position {
  return { at: new Date(at.getTime() - ms), key: '0' };
}
