import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failpoint } from '../../../contract/failpoint.ts';

/** A path leads through something that others than root may change, or is not what it should be. */
export class ForeignPathError extends Error {
  constructor(path: string, why: string) {
    super(`${path} ${why}`);
    this.name = 'ForeignPathError';
  }
}

/**
 * Refuses a folder that anybody but root could have changed, or that a link stands in for, at any level. Where
 * this holds nobody can swap a part of the path between here and its use, so it is safe to use by name.
 */
export async function requireRootsOwn(path: string): Promise<void> {
  for (let part = path; ; part = dirname(part)) {
    const stats = await lstat(part);
    if (!stats.isDirectory()) throw new ForeignPathError(part, 'is not a folder');
    if (stats.uid !== 0 || (stats.mode & 0o022) !== 0) {
      throw new ForeignPathError(part, 'could be changed by others than root');
    }
    if (part === '/') return;
  }
}

/** What stands there in a folder of root's; a link is not followed. Null where nothing is. */
export async function lookAt(path: string): Promise<Stats | null> {
  try {
    await requireRootsOwn(dirname(path));
    return await lstat(path);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null;
    throw cause;
  }
}

/** Makes the names in a folder last through a loss of power. */
export async function flush(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  failpoint('names in a folder: changed');
}

/**
 * In the same folder, so that a rename stays on one file system; the dot in front hides it from `*.conf`. The number
 * is its maker's: see drafts.ts.
 */
export function draftOf(path: string): string {
  return join(dirname(path), `.draft-${process.pid}-${randomBytes(8).toString('hex')}`);
}

/** Which process a file of that name is a draft of; null where it is none. */
export function draftMakerOf(name: string): number | null {
  const pid = /^\.draft-([1-9][0-9]{0,9})-[0-9a-f]{16}$/.exec(name)?.[1];
  return pid === undefined ? null : Number(pid);
}

export function codeOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}
