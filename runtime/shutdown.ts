import type { Logger } from './logger.ts';

/** How long a process may take to finish what it has begun, in milliseconds; systemd's patience is longer. */
const PATIENCE_MS = 20_000;

export interface Shutdown {
  readonly logger: Logger;
  /** Run one after the other, in this order; one that fails is logged and the next is run all the same. */
  readonly steps: readonly (() => unknown)[];
  readonly exit?: (code: number) => void;
  readonly patienceMs?: number;
}

/** On the first SIGTERM or SIGINT stops in order and leaves; what does not end in time is cut off. */
export function stopOnSignal(shutdown: Shutdown): void {
  let stopping = false;
  const begin = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    shutdown.logger.info({ signal }, 'stopping');
    void stop(shutdown);
  };
  process.on('SIGTERM', begin);
  process.on('SIGINT', begin);
}

/** The same without a signal: exits 0 when all has ended, 1 when patience ran out. */
export async function stop({
  logger,
  steps,
  exit = (code) => process.exit(code),
  patienceMs = PATIENCE_MS,
}: Shutdown): Promise<void> {
  const late = setTimeout(() => {
    logger.warn('stopped before everything had ended');
    exit(1);
  }, patienceMs);
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      logger.warn({ err: error }, 'a part did not stop cleanly');
    }
  }
  clearTimeout(late);
  logger.info('stopped');
  exit(0);
}
