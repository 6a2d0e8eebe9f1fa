import { open, stat } from 'node:fs/promises';
import type { RootLine } from '../../../contract/audit.ts';
import { FailureError } from '../../../contract/failures.ts';
import { readChain, type ChainedLine } from './audit-chain.ts';
import { toRootLine } from './audit-copies.ts';
import { lastNumber } from './audit-log.ts';
import { codeOf } from './own-path.ts';
import { paths } from './paths.ts';

/** What is chained in root's log after a line, for the worker to write down as well. */
export type AuditLines = {
  /**
   * The oldest first; `last` is how far was looked. The lines in which heads are noted are left out. Throws where there
   * is no such line yet.
   */
  readonly after: (line: number) => Promise<{ readonly lines: readonly RootLine[]; readonly last: number }>;
};

const MOST = 200;
const PART = 65_536;

/** Where the last answer ended, so that the next need not look for it. */
type Place = { readonly inode: number; readonly offset: number; readonly number: number };

/** However long the log is, no more of it is read than is answered, and some parts of it to find that. */
export function createAuditLines(log: string = paths.auditLog): AuditLines {
  let place: Place | null = null;
  return {
    after: async (line) => {
      const { inode, size } = await look(log);
      const known = place?.inode === inode && place.number === line && place.offset <= size ? place : null;
      if (known?.offset === size) return { lines: [], last: line };
      const earlier = known === null ? await before(log, line) : [];
      let offset = known?.offset ?? (await placeOf(log, line));
      const here: ChainedLine[] = [];
      for await (const one of readChain(partsOf(log, offset))) {
        if (earlier.length + here.length >= MOST) break;
        offset += one.between + one.text.length + 1;
        if (one.number > line) here.push(one);
      }
      const taken = [...earlier, ...here];
      const last = taken.at(-1)?.number ?? line;
      if (taken.length === 0 && known === null && lastNumber(log) < line) throw unheardOf(line);
      place = earlier.length < MOST ? { inode, offset, number: last } : null;
      return { lines: taken.flatMap((one) => toRootLine(one) ?? []), last };
    },
  };
}

/** What is asked for of the log before this one, where this one begins later. */
async function before(log: string, line: number): Promise<readonly ChainedLine[]> {
  const [first] = await linesFrom(log, 0, 1);
  if (first === undefined || first.number <= line + 1) return [];
  const former = `${log}.1`;
  const lines: ChainedLine[] = [];
  for await (const one of readChain(partsOf(former, await placeOf(former, line)))) {
    if (one.number > line) lines.push(one);
    if (lines.length >= MOST) break;
  }
  return lines;
}

/** Where a line begins that is this one, or before it and not far: their numbers only grow. */
async function placeOf(log: string, line: number): Promise<number> {
  let [low, high] = [0, (await look(log)).size];
  while (high - low > PART) {
    const middle = Math.floor((low + high) / 2);
    const [, second] = await linesFrom(log, middle, 2);
    if (second === undefined || second.number > line || second.begins >= high) high = middle;
    else low = second.begins;
  }
  return low;
}

type Placed = ChainedLine & { readonly begins: number };

/** The first of them may be the end of one. */
async function linesFrom(log: string, from: number, most: number): Promise<readonly Placed[]> {
  const found: Placed[] = [];
  let offset = from;
  for await (const one of readChain(partsOf(log, from))) {
    found.push({ ...one, begins: offset + one.between });
    offset += one.between + one.text.length + 1;
    if (found.length >= most) break;
  }
  return found;
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

async function* partsOf(path: string, from: number): AsyncGenerator<string, void, undefined> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') return null;
    throw cause;
  });
  if (file === null) return;
  try {
    for (let at = from; ;) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(PART), 0, PART, at);
      if (bytesRead === 0) return;
      yield buffer.toString('latin1', 0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

function unheardOf(line: number): FailureError {
  return new FailureError(
    'mismatch',
    `The audit is said to have line ${line} of root's log, which ends before it.`,
    'Run sculptorctl audit verify on the server.',
  );
}
