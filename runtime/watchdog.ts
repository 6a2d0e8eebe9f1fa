import { write } from 'node:fs';
import type { Logger } from './logger.ts';

/** Under this name systemd hands over a way to its watchdog; see systemd/units/sculptor-notify.socket. */
const DESCRIPTOR = 'notify';
/** The first descriptor that systemd hands over. */
const FIRST = 3;

export interface Watchdog {
  readonly descriptor: number;
  readonly everyMs: number;
}

/**
 * Where and how often systemd wants to hear that the process is well; undefined where nobody asked. Throws where
 * it was asked for and there is no way to tell: the process would be ended for its silence.
 */
export function watchdogOf(environment: NodeJS.ProcessEnv): Watchdog | undefined {
  const patienceUs = Number(environment['WATCHDOG_USEC'] ?? 0);
  if (!(patienceUs > 0)) return undefined;
  const at = (environment['LISTEN_FDNAMES'] ?? '').split(':').indexOf(DESCRIPTOR);
  if (at < 0) throw new Error('systemd wants signs of life and has handed over nothing to give them through');
  // Four in that time: a server that is slow for a moment is not one that hangs.
  return { descriptor: FIRST + at, everyMs: patienceUs / 4000 };
}

/**
 * Tells systemd again and again that the event loop turns: one that hangs says nothing, and the process is ended
 * and started anew. Does nothing where systemd did not ask for it, as under Supervisor.
 */
export function giveSignsOfLife(environment: NodeJS.ProcessEnv, logger: Logger): void {
  const watchdog = watchdogOf(environment);
  if (watchdog === undefined) return;
  const give = (): void =>
    write(watchdog.descriptor, 'WATCHDOG=1', (error) => {
      if (error) logger.warn({ err: error }, 'systemd does not take the sign of life');
    });
  give();
  setInterval(give, watchdog.everyMs).unref();
}
