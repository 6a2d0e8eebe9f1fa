import { open, stat } from 'node:fs/promises';
import type { PartId } from '../../../contract/ids.ts';
import type { ProgramOutput } from '../../../contract/queues.ts';
import type { Folders } from './folders.ts';
import { codeOf } from './own-path.ts';
import { paths } from './paths.ts';

/** What programs of sites have said, in folders of root's that the launcher keeps small. */
export type Outputs = {
  /** Changes when the program has said something. */
  readonly stamp: (part: PartId) => Promise<string>;
  /** The last lines of each process. */
  readonly read: (part: PartId) => Promise<ProgramOutput>;
  readonly lookAny: (part: PartId) => Promise<string | null>;
  readonly remove: (part: PartId) => Promise<void>;
};

const MOST_LINES = 200;
const MOST_BYTES = 65_536;
/** Of a line, which may be as long as somebody likes. */
const MOST_LENGTH = 1000;
/** All processes together, so that it fits into one answer. */
const MOST_TEXT = 131_072;

type Tools = { readonly folders: Pick<Folders, 'look' | 'list' | 'remove'> };

export function createOutputs({ folders }: Tools): Outputs {
  const numbers = async (part: PartId) => {
    if ((await folders.look(paths.output(part))) === null) return [];
    const names = await folders.list(paths.output(part));
    return names
      .filter((name) => /^[0-9]{1,2}$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  };
  const at = (part: PartId, number: number, file: 'now' | 'before') =>
    `${paths.output(part)}/${number}/${file}`;
  return {
    stamp: async (part) => {
      const times = await Promise.all(
        (await numbers(part)).map((number) => changedAt(at(part, number, 'now'))),
      );
      return String(Math.max(0, ...times));
    },
    read: async (part) => {
      const all = await numbers(part);
      const room = Math.min(MOST_BYTES, Math.floor(MOST_TEXT / Math.max(1, all.length)));
      const read = async (number: number) => {
        const now = await endOf(at(part, number, 'now'), room);
        const before = now.length < room ? await endOf(at(part, number, 'before'), room - now.length) : '';
        return { number, lines: linesOf(before + now) };
      };
      return Promise.all(all.map(read));
    },
    lookAny: async (part) => ((await folders.look(paths.output(part))) === null ? null : 'it is there'),
    remove: (part) => folders.remove(paths.output(part)),
  };
}

async function changedAt(path: string): Promise<number> {
  try {
    return Math.round((await stat(path)).mtimeMs);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return 0;
    throw cause;
  }
}

async function endOf(path: string, most: number): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const length = Math.min(size, most);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return '';
    throw cause;
  }
}

/** What would act on a terminal, or look like a line of somebody else, is spelt out. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r*\n/).map((line) => harmless(line));
  if (lines.at(-1) === '') lines.pop();
  return lines.slice(-MOST_LINES);
}

function harmless(line: string): string {
  const shown = line.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) =>
    character === '\t' ? ' ' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return shown.length > MOST_LENGTH
    ? `${shown.slice(0, MOST_LENGTH - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
    : shown;
}
