export interface Repeated {
  /** Waits for the round that is under way; there is none afterwards. */
  readonly stop: () => Promise<void>;
}

/**
 * Does `round` after `firstMs` and then again `everyMs` after it ended, one at a time; milliseconds. It must not
 * throw.
 */
export function repeat(everyMs: number, round: () => Promise<void>, firstMs = 0): Repeated {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let current = Promise.resolve();

  function go(): void {
    current = round().then(() => {
      if (!stopped) timer = setTimeout(go, everyMs);
    });
  }

  if (firstMs > 0) timer = setTimeout(go, firstMs);
  else go();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
