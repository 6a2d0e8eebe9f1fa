import { FailureError } from '../../../contract/failures.ts';
import { CommandError, type Commands } from './command.ts';
import { paths } from './paths.ts';

/** One at a time for a name, in this process and among all executors of this server. */
export type Locks = {
  /** Throws where it is not to be had within that time. */
  readonly during: <T>(name: string, act: () => Promise<T>, waitSeconds?: number) => Promise<T>;
};

/** Less than the worker waits for an answer. */
const WAIT_SECONDS = 60;
const NOT_HAD = 75;

/**
 * Two executors may run at once: one behind its socket, one started by sudo. Node has no flock(2), so a
 * flock(1) holds the lock and ends with its standard input, which is to say with us, however we end: the kernel
 * lets go, and there is no stale lock to find out about. (A file made with O_EXCL survives a crash, a socket
 * that is bound does too, and an abstract socket could be bound first by any tenant.) A few milliseconds.
 */
export function createLocks(commands: Commands): Locks {
  const last = new Map<string, Promise<unknown>>();
  return {
    during: (name, act, waitSeconds = WAIT_SECONDS) => {
      // In order within this process; flock(1) alone would let any of those that wait go first.
      const turn = (last.get(name) ?? Promise.resolve()).then(() =>
        withKernelLock({ commands, name, waitSeconds }, act),
      );
      const settled = turn
        .catch(() => undefined)
        .then(() => {
          if (last.get(name) === settled) last.delete(name);
        });
      last.set(name, settled);
      return turn;
    },
  };
}

type Wanted = { readonly commands: Commands; readonly name: string; readonly waitSeconds: number };

async function withKernelLock<T>(wanted: Wanted, act: () => Promise<T>): Promise<T> {
  const release = await acquire(wanted);
  try {
    return await act();
  } finally {
    await release();
  }
}

async function acquire({ commands, name, waitSeconds }: Wanted): Promise<() => Promise<void>> {
  if (!/^[a-z0-9-]{1,40}$/.test(name)) throw new Error('a lock has a simple name');
  try {
    return await commands.hold({
      file: '/usr/bin/flock',
      args: [
        '--exclusive',
        `--timeout=${waitSeconds}`,
        `--conflict-exit-code=${NOT_HAD}`,
        `${paths.locks}/${name}`,
        '/usr/bin/cat',
      ],
      timeoutMs: (waitSeconds + 10) * 1000,
    });
  } catch (cause) {
    if (!(cause instanceof CommandError) || cause.exitCode !== NOT_HAD) throw cause;
    throw new FailureError(
      'executor_unavailable',
      'Another request on the same resource has not ended yet.',
      'Ask again later.',
    );
  }
}
