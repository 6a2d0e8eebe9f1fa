/**
 * One run for all that is asked for while another is under way. The first goes at once; what comes meanwhile is
 * served together by the next. A run that fails fails for each of its items.
 */
export function createBatch<T>(act: (items: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  let waiting: T[] = [];
  let next: Promise<void> | null = null;
  let running: Promise<unknown> = Promise.resolve();

  return (item) => {
    waiting.push(item);
    next ??= running.then(() => {
      const items = waiting;
      waiting = [];
      next = null;
      const run = act(items);
      running = run.catch(() => undefined);
      return run;
    });
    return next;
  };
}
