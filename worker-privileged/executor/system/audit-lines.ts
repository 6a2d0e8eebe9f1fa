import { open, stat } from 'node:fs/promises';
import type { RootLine } from '../../../contract/audit.ts';
import { readChain, type ChainedLine } from './audit-chain.ts';
import { toRootLine } from './audit-copies.ts';
import { codeOf } from './own-path.ts';
import { paths } from './paths.ts';

/** What is chained in root's log after a line, for the worker to write down as well. */
export type AuditLines = {
  /** The oldest first; `last` is how far was looked. The lines in which heads are noted are left out. */
  readonly after: (line: number) => Promise<{ readonly lines: readonly RootLine[]; readonly last: number }>;
};

const MOST = 200;

/** Where the last answer ended, so that the next need not read all of it. */
type Place = { readonly inode: number; readonly offset: number; readonly number: number };

export function createAuditLines(): AuditLines {
  let place: Place | null = null;
  return {
    after: async (line) => {
      const { inode, size } = await look(paths.auditLog);
      const known = place?.inode === inode && place.number === line && place.offset <= size ? place : null;
      if (known?.offset === size) return { lines: [], last: line };
      const earlier: ChainedLine[] = [];
      const text = await textOf(paths.auditLog, known?.offset ?? 0);
      if (known === null) for await (const one of before(text, line)) earlier.push(one);
      const here: ChainedLine[] = [];
      let offset = known?.offset ?? 0;
      for await (const one of readChain([text])) {
        if (here.length >= MOST) break;
        offset += one.between + one.text.length + 1;
        if (one.number > line) here.push(one);
      }
      const taken = [...earlier, ...here].slice(0, MOST);
      const last = taken.at(-1)?.number ?? line;
      place = last === (here.at(-1)?.number ?? line) ? { inode, offset, number: last } : null;
      return { lines: taken.flatMap((one) => toRootLine(one) ?? []), last };
    },
  };
}

/** What is asked for of the log before this one, where this one begins later. */
async function* before(text: string, line: number): AsyncGenerator<ChainedLine, void, undefined> {
  const first = await readChain([text]).next();
  if (first.done !== true && first.value.number <= line + 1) return;
  for await (const one of readChain([await textOf(`${paths.auditLog}.1`, 0)]))
    if (one.number > line) yield one;
}

async function look(path: string): Promise<{ readonly inode: number; readonly size: number }> {
  try {
    const { ino, size } = await stat(path);
    return { inode: ino, size };
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return { inode: 0, size: 0 };
    throw cause;
  }
}

async function textOf(path: string, from: number): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const length = (await file.stat()).size - from;
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(Math.max(0, length)),
        0,
        Math.max(0, length),
        from,
      );
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return '';
    throw cause;
  }
}
