import { lineOf, type AuditContent } from '../../../contract/audit.ts';
import type { CheckedLog, Wrong } from './audit-log-check.ts';
import type { SealedRow } from './audit-table.ts';

/** By then the worker has copied a line, unless it is held up or holds it back. */
const COPIED_WITHIN_MS = 600_000;

export type CopiesCheck = {
  readonly take: (sealed: SealedRow) => void;
  /** How many were of lines that are no longer kept. */
  readonly end: () => number;
};

type Parts = {
  readonly log: CheckedLog;
  readonly newestRow: number;
  readonly now: Date;
  readonly say: (why: Wrong['why'], sentence: string) => void;
};

/** Holds what the audit says of root against root's own log: each line has one copy, which says the same, and nothing else has. */
export function createCopiesCheck({ log, newestRow, now, say }: Parts): CopiesCheck {
  const firstKept = log.lines.first();
  let firstCopied = Infinity;
  let furthest = { line: 0, seq: 0 };
  let unkept = 0;

  function isCopied(line: number, seq: number): void {
    firstCopied = Math.min(firstCopied, line);
    if (line > furthest.line) furthest = { line, seq };
  }

  /** Nobody can say any more what it said; but it was copied in its turn, before what came after it. */
  function takeUnkept(line: number, seq: number): string | undefined {
    unkept += 1;
    if (line <= furthest.line && seq > furthest.seq)
      return `row ${seq} of the audit says it is the copy of line ${line} of root's log, and came after others`;
    isCopied(line, seq);
    return undefined;
  }

  function takeCopy(seq: number, row: AuditContent): readonly [Wrong['why'], string | undefined] {
    const copied = lineOf(row[8]);
    if (copied === null)
      return [
        'forged',
        `row ${seq} of the audit says what root has done, and is no copy of a line of root's log`,
      ];
    const { line } = copied;
    const is = log.lines.copied(line, row);
    if (is === 'right') isCopied(line, seq);
    if (is === 'another')
      return [
        'changed',
        `line ${line} of root's log is not the one that row ${seq} of the audit is the copy of`,
      ];
    if (is === 'again')
      return ['forged', `row ${seq} of the audit is one more copy of line ${line} of root's log`];
    if (is === 'none' && line < firstKept) return ['forged', takeUnkept(line, seq)];
    if (is === 'none' && (line <= log.last || seq <= newestRow))
      return ['missing', `line ${line} of root's log is missing: row ${seq} of the audit is its copy`];
    return ['missing', undefined];
  }

  return {
    take: ({ number, seq, row }) => {
      if (row === null) return;
      const [, source, actor] = row;
      if (source !== 'worker' || (actor !== 'root' && actor !== 'executor')) return;
      const [why, sentence] = takeCopy(seq, row);
      if (sentence !== undefined && number > log.accepted) say(why, sentence);
    },
    end: () => {
      const { count, line, at } = log.lines.uncopied(
        Number.isFinite(firstCopied) ? firstCopied : 0,
        new Date(now.getTime() - COPIED_WITHIN_MS),
      );
      if (count > 0)
        say(
          'uncopied',
          `${count} lines of root's log were not copied into the audit since ${at}, the first is ${line}`,
        );
      return unkept;
    },
  };
}
