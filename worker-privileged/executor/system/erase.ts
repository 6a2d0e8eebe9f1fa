import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FailureError } from '../../../contract/failures.ts';
import { because } from './because.ts';
import { CommandError, type Commands } from './command.ts';
import { flush, lookAt, requireRootsOwn } from './own-path.ts';

/**
 * Removes a folder of root's with all that is in it, though what is in it was a tenant's: rm follows no link, and
 * walks by descriptors, so that nothing that is swapped meanwhile leads it elsewhere.
 */
export type Erase = (path: string) => Promise<void>;

/** A site may hold millions of files. */
const LIMIT_MS = 3_300_000;

export function createErase({ commands }: { readonly commands: Pick<Commands, 'run'> }): Erase {
  return async (path) => {
    await requireRootsOwn(dirname(path));
    if ((await lookAt(path)) === null) return;
    // rm tells file systems apart, and a folder that is mounted from the same one looks like any other to it.
    if (await isMountedBelow(path)) throw mounted(path);
    const args = ['--recursive', '--force', '--one-file-system', '--preserve-root', '--', path];
    await commands.run({ file: '/usr/bin/rm', args, timeoutMs: LIMIT_MS }).catch((cause: unknown) => {
      throw cause instanceof CommandError ? because(cause, incomplete(path)) : cause;
    });
    await flush(dirname(path));
  };
}

async function isMountedBelow(path: string): Promise<boolean> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return mounts.some((line) => `${line.split(' ')[4] ?? ''}/`.startsWith(`${path}/`));
}

function mounted(path: string): FailureError {
  return new FailureError(
    'server_broken',
    `Something is mounted in ${path}, so nothing there is removed.`,
    'On the server, unmount it; it is tried again by itself.',
  );
}

function incomplete(path: string): FailureError {
  return new FailureError(
    'server_broken',
    `Not all of ${path} could be removed.`,
    'It is tried again by itself; the log of the executor has what rm said.',
  );
}
