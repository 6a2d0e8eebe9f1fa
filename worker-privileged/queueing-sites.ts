/** After so long without a round nothing is known of how long each would have waited. */
const BROKEN_MS = 5 * 60_000;

/** How long sites wait for their turn while rounds go on, by the clock that nobody sets. */
export interface QueueingSites {
  /** To be called in each round, with the ids of those that are due in it. Says of each how long it has been. */
  readonly waited: (due: readonly string[]) => ReadonlyMap<string, number>;
}

/**
 * What is not seen because others come first is no gap in what is measured; that a site sleeps, or that no round is made, is one,
 * and does not count here.
 */
export function createQueueingSites(elapsed: () => number): QueueingSites {
  let since = new Map<string, number>();
  let last = elapsed();
  return {
    waited: (due) => {
      const now = elapsed();
      const before = now - last > BROKEN_MS ? new Map<string, number>() : since;
      last = now;
      since = new Map(due.map((id) => [id, before.get(id) ?? now]));
      return new Map([...since].map(([id, at]) => [id, now - at]));
    },
  };
}
