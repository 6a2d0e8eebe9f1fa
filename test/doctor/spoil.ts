import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { must, rootSql } from '../machine/server.ts';

/* Ways to make a server another one than it should be. Each gives the way back. */

export type Undo = () => void | Promise<void>;

export function chmod(path: string, mode: number): Undo {
  const before = lstatSync(path).mode & 0o7777;
  chmodSync(path, mode);
  return () => chmodSync(path, before);
}

export function chown(path: string, user: string): Undo {
  const { uid, gid, mode } = lstatSync(path);
  must('chown', ['-h', user, path]);
  return () => {
    lchownSync(path, uid, gid);
    if (!lstatSync(path).isSymbolicLink()) chmodSync(path, mode & 0o7777);
  };
}

/** Another text in a file, or a file where none is. */
export function write(path: string, text: (before: string) => string, mode = 0o644): Undo {
  if (!existsSync(path)) {
    writeFileSync(path, text(''), { mode });
    chmodSync(path, mode);
    return () => rmSync(path);
  }
  const [before, { atime, mtime }] = [readFileSync(path), lstatSync(path)];
  writeFileSync(path, text(before.toString()));
  return () => {
    writeFileSync(path, before);
    utimesSync(path, atime, mtime);
  };
}

export function append(path: string, line: string): Undo {
  return write(path, (before) => `${before}${line}\n`);
}

export function link(path: string, target: string): Undo {
  const before =
    lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : null;
  rmSync(path, { force: true });
  symlinkSync(target, path);
  return () => {
    rmSync(path);
    if (before !== null) symlinkSync(before, path);
  };
}

export type Line = readonly [file: string, ...args: string[]];

/** Programs, one after the other, and those that put it right again. */
export function commands(there: readonly Line[], back: readonly Line[]): Undo {
  for (const [file, ...args] of there) must(file, args);
  return () => {
    for (const [file, ...args] of back) must(file, args);
  };
}

export function sql(there: string, back: string): Undo {
  rootSql(there);
  return () => void rootSql(back);
}

/** A program that runs until the way back, with what it starts. It is there when this returns. */
export async function start(file: string, ...args: readonly string[]): Promise<Undo> {
  const child = spawn(file, args, { stdio: 'ignore', detached: true });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  await until(() => existsSync(`/proc/${child.pid ?? 0}/exe`));
  return async () => {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await ended;
  };
}

/** One after the other; undone in reverse. */
export async function all(...spoilt: readonly (() => Undo | Promise<Undo>)[]): Promise<Undo> {
  const undos: Undo[] = [];
  for (const spoil of spoilt) undos.unshift(await spoil());
  return async () => {
    for (const undo of undos) await undo();
  };
}

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 50));
}
