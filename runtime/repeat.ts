export interface Repeated {
  /** Waits for the round that is under way; there is none afterwards. */
  readonly stop: () => Promise<void>;
}

/** Does `round` at once and then again so many milliseconds after it ended, one at a time. It must not throw. */
export function repeat(everyMs: number, round: () => Promise<void>): Repeated {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let current = Promise.resolve();

  function go(): void {
    current = round().then(() => {
      if (!stopped) timer = setTimeout(go, everyMs);
    });
  }

  go();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
