import { constants } from 'node:fs';
import { lstat, open, readlink, rename, rm, symlink, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failpoint } from '../../../contract/failpoint.ts';
import type { Undo } from '../ensure.ts';
import { octal } from '../octal.ts';
import { codeOf, draftOf, flush, ForeignPathError, lookAt, requireRootsOwn } from './own-path.ts';

/** Files and links in folders that are root's alone; throws ForeignPathError where one is not. */
export type Files = {
  /** The text of a file, null where nothing is. */
  readonly read: (path: string) => Promise<string | null>;
  /** What of a file's owner and mode is not as `replace` makes it, in words; null where nothing is. */
  readonly stray: (path: string, mode: number) => Promise<string | null>;
  /** Whether only root and its group may read it. */
  readonly isClosed: (path: string) => Promise<boolean>;
  /** Puts the whole text there at once: whoever reads sees the old file or the new one. Mode 0644 if not said. */
  readonly replace: (path: string, text: string, mode?: number) => Promise<Undo>;
  /** Removes a file, a link or a socket; nothing where nothing is. A socket does not come back. */
  readonly remove: (path: string) => Promise<Undo>;
  /** Where a link points, null where nothing is. */
  readonly readLink: (path: string) => Promise<string | null>;
  /** Points a link there, in one move. */
  readonly link: (path: string, target: string) => Promise<Undo>;
  /** Makes a link where nothing is; null where something was first. The kernel lets one of many win. */
  readonly claim: (path: string, target: string) => Promise<Undo | null>;
};

export function createFiles(): Files {
  return { read, stray, isClosed, replace, remove, readLink, link, claim };
}

async function read(path: string): Promise<string | null> {
  const stats = await lookAt(path);
  if (stats === null) return null;
  if (!stats.isFile()) throw new ForeignPathError(path, 'is not a file');
  const file = await openUnlessGone(path);
  if (file === null) return null;
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function stray(path: string, mode: number): Promise<string | null> {
  const stats = await lookAt(path);
  if (stats === null) return null;
  const folder = await lstat(dirname(path));
  // What is made in a folder with this bit has its group.
  const gid = (folder.mode & 0o2000) === 0 ? 0 : folder.gid;
  const found = stats.mode & 0o7777;
  const faults = [
    ...(stats.uid === 0 ? [] : [`its owner is ${stats.uid} instead of 0`]),
    ...(stats.gid === gid ? [] : [`its group is ${stats.gid} instead of ${gid}`]),
    ...(found === mode ? [] : [`its mode is ${octal(found)} instead of ${octal(mode)}`]),
  ];
  return faults.length === 0 ? null : faults.join(', ');
}

async function isClosed(path: string): Promise<boolean> {
  const stats = await lookAt(path);
  return stats !== null && (stats.mode & 0o004) === 0;
}

/** Another executor may remove it in this moment. */
async function openUnlessGone(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null;
    throw cause;
  }
}

async function replace(path: string, text: string, mode = 0o644): Promise<Undo> {
  const before = await read(path);
  const beforeMode = ((await lookAt(path))?.mode ?? mode) & 0o7777;
  await write(path, text, mode);
  return () => (before === null ? discard(path) : write(path, before, beforeMode));
}

async function write(path: string, text: string, mode: number): Promise<void> {
  await requireRootsOwn(dirname(path));
  const draft = draftOf(path);
  const file = await open(draft, 'wx', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    // A full disk can end a write early without a word.
    if ((await file.stat()).size !== Buffer.byteLength(text)) throw new Error('a file was written in part');
    await file.sync();
    failpoint('draft of a file: written');
    await rename(draft, path);
  } catch (cause) {
    await unlink(draft).catch(() => undefined);
    throw cause;
  } finally {
    await file.close();
  }
  await flush(dirname(path));
}

async function remove(path: string): Promise<Undo> {
  const stats = await lookAt(path);
  if (stats === null) return () => Promise.resolve();
  if (stats.isSocket()) {
    await discard(path);
    return () => Promise.resolve();
  }
  const target = stats.isSymbolicLink() ? await readlink(path) : null;
  const text = target === null ? await read(path) : null;
  await discard(path);
  return () => (target === null ? write(path, text ?? '', stats.mode & 0o7777) : putLink(path, target));
}

async function readLink(path: string): Promise<string | null> {
  const stats = await lookAt(path);
  if (stats === null) return null;
  if (!stats.isSymbolicLink()) throw new ForeignPathError(path, 'is not a link');
  return readlink(path);
}

async function link(path: string, target: string): Promise<Undo> {
  const before = await readLink(path);
  await putLink(path, target);
  return () => (before === null ? discard(path) : putLink(path, before));
}

async function putLink(path: string, target: string): Promise<void> {
  await requireRootsOwn(dirname(path));
  const draft = draftOf(path);
  await symlink(target, draft);
  try {
    await rename(draft, path);
  } catch (cause) {
    await unlink(draft).catch(() => undefined);
    throw cause;
  }
  await flush(dirname(path));
}

async function claim(path: string, target: string): Promise<Undo | null> {
  await requireRootsOwn(dirname(path));
  try {
    await symlink(target, path);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return null;
    throw cause;
  }
  await flush(dirname(path));
  return () => discard(path);
}

/** Another executor may have done so in this moment: two may wait for the end of the same command. */
async function discard(path: string): Promise<void> {
  await rm(path, { force: true });
  await flush(dirname(path));
}
