import { write } from 'node:fs';
import { causeOf, type Log } from '../system/log.ts';

/** What systemd gave this process: the socket that only the worker may connect to, and a way to its watchdog. */
export type HandedOver = {
  /** Null where sudo started it. */
  readonly listenFd: number | null;
  readonly watchdog: { readonly fd: number; readonly everyMs: number } | null;
};

/** The first descriptor that systemd hands over. */
const FIRST_FD = 3;

export function readHandedOver(environment: NodeJS.ProcessEnv, pid: number): HandedOver {
  const { LISTEN_PID, LISTEN_FDNAMES = '', WATCHDOG_USEC = '' } = environment;
  if (LISTEN_PID !== String(pid)) return { listenFd: null, watchdog: null };
  const names = LISTEN_FDNAMES.split(':');
  const fdOf = (name: string) => (names.includes(name) ? FIRST_FD + names.indexOf(name) : null);
  const fd = fdOf('notify');
  // Four signs in the time after which it would be ended for its silence.
  const everyMs = Number(WATCHDOG_USEC) / 4000;
  return { listenFd: fdOf('executor'), watchdog: fd !== null && everyMs > 0 ? { fd, everyMs } : null };
}

/** Tells systemd's watchdog again and again that the event loop turns. */
export function giveSignsOfLife({ watchdog }: HandedOver, log: Log): void {
  if (watchdog === null) return;
  const give = () =>
    write(watchdog.fd, 'WATCHDOG=1', (cause) => {
      if (cause) log('error', 'systemd does not take the sign of life', causeOf(cause));
    });
  give();
  setInterval(give, watchdog.everyMs).unref();
}
