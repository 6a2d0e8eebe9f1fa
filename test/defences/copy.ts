import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Defence } from './defence.ts';

export const TREE = join(__dirname, '../..');

/** The list and the tree do not fit together any more. */
export class StaleListError extends Error {
  constructor({ name, change: { file } }: Defence, found: number) {
    super(`the list of defences is stale: the text of "${name}" stands ${found} times in ${file}`);
    this.name = 'StaleListError';
  }
}

/** The tree without what git does not keep, in a folder; `modules` is where the packages are found. */
export function copyTree(folder: string, modules: string): void {
  mkdirSync(folder, { recursive: true });
  const files =
    '{ git ls-files -z --cached --others --exclude-standard 2>/dev/null || find . -path ./node_modules -prune -o -type f -print0; }';
  const pack = `cd "$1" && ${files} | tar --null --ignore-failed-read --files-from - --create --file - 2>/dev/null | tar --extract --file - --directory "$2"`;
  const { status, stderr } = spawnSync('/bin/sh', ['-c', pack, 'sh', TREE, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the tree could not be copied: ${stderr}`);
  symlinkSync(modules, join(folder, 'node_modules'));
}

/** Takes the defence away in a copy. */
export function takeAway(defence: Defence, folder: string): void {
  const { file, from, to } = defence.change;
  const path = join(folder, file);
  const parts = readFileSync(path, 'utf8').split(from);
  if (parts.length !== 2) throw new StaleListError(defence, parts.length - 1);
  writeFileSync(path, parts.join(to));
}
