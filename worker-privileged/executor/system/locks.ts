import { constants } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
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

type Opened = { readonly fd: number; readonly close: () => Promise<void> };
type Open = (path: string) => Promise<Opened>;

/**
 * Two executors may run at once: one behind its socket, one started by sudo. Node has no flock(2), so a flock(1) locks a
 * file that we have open, and ends; the lock stays until we close it, or end, however that is: the kernel lets go, and
 * there is no stale lock to find out about. (A file made with O_EXCL survives a crash, a socket that is bound does too,
 * and an abstract socket could be bound first by any tenant.) No other program inherits it.
 */
export function createLocks(commands: Pick<Commands, 'hold'>, open: Open = openOwn): Locks {
  const last = new Map<string, Promise<unknown>>();
  return {
    during: (name, act, waitSeconds = WAIT_SECONDS) => {
      // In order within this process; flock(1) alone would let any of those that wait go first.
      const turn = (last.get(name) ?? Promise.resolve()).then(() =>
        withKernelLock({ commands, open, name, waitSeconds }, act),
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

type Wanted = {
  readonly commands: Pick<Commands, 'hold'>;
  readonly open: Open;
  readonly name: string;
  readonly waitSeconds: number;
};

async function withKernelLock<T>(wanted: Wanted, act: () => Promise<T>): Promise<T> {
  if (!/^[a-z0-9-]{1,40}$/.test(wanted.name)) throw new Error('a lock has a simple name');
  const file = await wanted.open(`${paths.locks}/${wanted.name}`);
  try {
    await acquire(wanted, file.fd);
    return await act();
  } finally {
    await file.close();
  }
}

async function acquire({ commands, waitSeconds }: Wanted, descriptor3: number): Promise<void> {
  try {
    await commands.hold({
      file: '/usr/bin/flock',
      args: ['--exclusive', `--timeout=${waitSeconds}`, `--conflict-exit-code=${NOT_HAD}`, '3'],
      timeoutMs: (waitSeconds + 10) * 1000,
      descriptor3,
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

function openOwn(path: string): Promise<Opened> {
  return openFile(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
}
