/** Which operations are not to be tried again just yet. Forgotten when the process ends: then all are tried at once. */
export interface Pauses {
  /** Begins the pause after so many attempts, counted from 1, and returns its length in milliseconds. */
  readonly begin: (id: string, attempt: number) => number;
  /** Begins the pause of one that is held back: the length after which room is looked for again. */
  readonly hold: (id: string) => number;
  readonly isOver: (id: string) => boolean;
}

/** A restarting executor is back within a second, MariaDB within some; what is longer away waits a minute in all. */
const PAUSES_MS = [1000, 4000, 15_000, 40_000] as const;

/** What was counted an hour ago makes room: looked at once a minute, it waits for no more than that. */
const HELD_BACK_MS = 60_000;

export interface PausesParts {
  readonly now?: () => number;
  readonly heldBackMs?: number;
}

export function createPauses({
  now = () => performance.now(),
  heldBackMs = HELD_BACK_MS,
}: PausesParts = {}): Pauses {
  const until = new Map<string, number>();
  const pause = (id: string, ms: number): number => {
    until.set(id, now() + ms);
    return ms;
  };
  return {
    begin: (id, attempt) => pause(id, PAUSES_MS[Math.min(attempt, PAUSES_MS.length) - 1] ?? PAUSES_MS[0]),
    // The more wait, the less often each is looked at: together they keep nobody busy.
    hold: (id) => pause(id, heldBackMs * (1 + Math.floor(until.size / 100))),
    isOver: (id) => {
      if ((until.get(id) ?? 0) > now()) return false;
      until.delete(id);
      return true;
    },
  };
}
