import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { z } from 'zod';
import { codeOf } from './own-path.ts';
import { asciiJson } from './log.ts';
import { paths } from './paths.ts';

/* Lines of root's log for which no lock was to be had: they wait in a file of their own, and the next that has it takes them. */

type Places = { readonly aside: string; readonly taken: string };
const PLACES: Places = { aside: paths.auditAside, taken: paths.auditTaken };

export function appendAside(all: readonly object[], { aside }: Places = PLACES): void {
  const text = all.map((facts) => `${asciiJson(facts)}\n`).join('');
  while (!isAppended(aside, text));
}

/** False where the file was taken while it was written to: then nobody knows whether its lines were read. */
function isAppended(path: string, text: string): boolean {
  const file = openSync(path, 'a', 0o600);
  try {
    writeFileSync(file, text);
    return fstatSync(file).ino === statSync(path, { throwIfNoEntry: false })?.ino;
  } finally {
    closeSync(file);
  }
}

/** Under the lock. What is written into what is taken is written again; where an earlier one broke off, that comes first. */
export function takeAside({ aside, taken }: Places = PLACES): readonly object[] {
  const earlier = read(taken);
  if (earlier !== null) return earlier;
  try {
    renameSync(aside, taken);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return [];
    throw cause;
  }
  return read(taken) ?? [];
}

/** A line twice, where this is not reached, is no harm. */
export function asideIsTaken({ taken }: Places = PLACES): void {
  rmSync(taken, { force: true });
}

function read(path: string): readonly object[] | null {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean).map(factsOf);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null;
    throw cause;
  }
}

function factsOf(line: string): object {
  try {
    return z.looseObject({}).parse(JSON.parse(line));
  } catch {
    return { event: 'torn' };
  }
}
