import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Undo } from '../ensure.ts';
import { flush, ForeignPathError, lookAt, requireRootsOwn } from './own-path.ts';

export type Folder = { readonly uid: number; readonly gid: number; readonly mode: number };

/** Folders that lie in folders of root's alone; throws ForeignPathError where one does not. */
export type Folders = {
  /** Owner and mode of a folder, null where nothing is. */
  readonly look: (path: string) => Promise<Folder | null>;
  /** The names in a folder. */
  readonly list: (path: string) => Promise<readonly string[]>;
  /** Makes the folder, or gives the one that is there this owner and mode. The undo takes an empty one away again. */
  readonly ensure: (path: string, wanted: Folder) => Promise<Undo>;
  /** Moves a folder to where nothing is, on the same file system. */
  readonly move: (from: string, to: string) => Promise<Undo>;
  /** Removes a folder that holds nothing; throws where it does. */
  readonly removeEmpty: (path: string) => Promise<void>;
  /** Removes a folder of root's with all that is in it. */
  readonly remove: (path: string) => Promise<void>;
};

export function createFolders(): Folders {
  return { look, list: (path) => readdir(path), ensure, move, removeEmpty, remove };
}

async function look(path: string): Promise<Folder | null> {
  const stats = await lookAt(path);
  if (stats === null) return null;
  if (!stats.isDirectory()) throw new ForeignPathError(path, 'is not a folder');
  return { uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o7777 };
}

async function ensure(path: string, wanted: Folder): Promise<Undo> {
  const before = await look(path);
  if (before === null) {
    await requireRootsOwn(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
  try {
    await own(path, wanted);
  } catch (cause) {
    if (before === null) await rmdir(path);
    throw cause;
  }
  await flush(dirname(path));
  return () => (before === null ? rmdir(path) : own(path, before));
}

/** By descriptor, and never through a link: the folder itself may be a tenant's. */
async function own(path: string, { uid, gid, mode }: Folder): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await handle.chown(uid, gid);
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
}

async function move(from: string, to: string): Promise<Undo> {
  await requireRootsOwn(dirname(from));
  // rename() would put it in the place of an empty folder.
  if ((await lookAt(to)) !== null) throw new ForeignPathError(to, 'exists already');
  await rename(from, to);
  await flush(dirname(from));
  await flush(dirname(to));
  return () => rename(to, from);
}

async function removeEmpty(path: string): Promise<void> {
  await requireRootsOwn(dirname(path));
  await rmdir(path);
  await flush(dirname(path));
}

async function remove(path: string): Promise<void> {
  if ((await lookAt(path)) === null) return;
  await requireRootsOwn(path);
  await rm(path, { recursive: true });
  await flush(dirname(path));
}
