/** Which operations are not to be tried again just yet. Forgotten when the process ends: then all are tried at once. */
export interface Pauses {
  /** Begins the pause after so many attempts, counted from 1, and returns its length in milliseconds. */
  readonly begin: (id: string, attempt: number) => number;
  readonly isOver: (id: string) => boolean;
}

/** A restarting executor is back within a second, MariaDB within some; what is longer away waits a minute in all. */
const PAUSES_MS = [1000, 4000, 15_000, 40_000] as const;

export function createPauses(now: () => number = () => performance.now()): Pauses {
  const until = new Map<string, number>();
  return {
    begin: (id, attempt) => {
      const ms = PAUSES_MS[Math.min(attempt, PAUSES_MS.length) - 1] ?? PAUSES_MS[0];
      until.set(id, now() + ms);
      return ms;
    },
    isOver: (id) => {
      if ((until.get(id) ?? 0) > now()) return false;
      until.delete(id);
      return true;
    },
  };
}
