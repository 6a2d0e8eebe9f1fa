import { contentHash, NOTHING_BEFORE, sealHash, type Hash } from '../../../contract/audit.ts';
import { createCopiesCheck } from './audit-copies-check.ts';
import type { CheckedLog, Wrong } from './audit-log-check.ts';
import type { NotedHead } from './audit-log.ts';
import type { SealedRow } from './audit-table.ts';

/** How old what is gone must have been; a head may have been noted long after its rows were written. See procedures.sql. */
const KEPT_DAYS = 370;
const KEPT_DAYS_OF_MANY = 25;
const MANY = 5_000_000;
const DAY_MS = 86_400_000;
const MOST_WRONG = 20;

/** A row that is not what was sealed: its content now. */
export type Changed = { readonly seq: number; readonly number: number; readonly now: Hash };

export type CheckedTable = {
  readonly rows: number;
  readonly last: { readonly number: number; readonly hash: Hash } | null;
  readonly wrong: readonly Wrong[];
  readonly changed: readonly Changed[];
  /** Copies of lines of root's log that are no longer kept. */
  readonly copiesOnly: number;
};

export type TableCheck = {
  readonly take: (sealed: SealedRow) => void;
  readonly end: () => CheckedTable;
};

export type Against = {
  readonly log: CheckedLog;
  readonly head: NotedHead | null;
  /** The newest row that there was before the log was read: what it copies from the log stands there. */
  readonly newestRow: number;
  readonly now: Date;
};

/** Holds seals and rows, in the order of their numbers, against each other and against what root has noted. */
export function createTableCheck({ log, head, newestRow, now }: Against): TableCheck {
  const wrong: Wrong[] = [];
  const changed: Changed[] = [];
  const heads = new Map(log.heads);
  if (head !== null) heads.set(head.number, head);
  let first = 0;
  let rows = 0;
  let last: SealedRow | null = null;
  const say = (why: Wrong['why'], sentence: string) => {
    if (wrong.length < MOST_WRONG) wrong.push({ why, sentence });
  };
  const copies = createCopiesCheck({ log, newestRow, now, say });

  function checkSeal({ number, seq, content, hash }: SealedRow): void {
    if (last === null && number > 1) return;
    const before = last ?? { number: 0, hash: NOTHING_BEFORE };
    if (number <= log.accepted) return;
    if (number !== before.number + 1)
      say('missing', `seal ${before.number + 1} is missing, and with it what it was of`);
    else if (sealHash(before.hash, { number, seq, content }) !== hash)
      say('changed', `seal ${number} is not made of the one before it, or was changed`);
  }

  function checkRow({ number, seq, content, row }: SealedRow): void {
    if (row === null) {
      // The seal of the last row that was forgotten stays.
      if ((last !== null || number === 1) && number > log.accepted)
        say('missing', `row ${seq} of the audit is missing (seal ${number})`);
      return;
    }
    rows += 1;
    const is = contentHash(row);
    if (is !== content && number > log.accepted && changed.length < MOST_WRONG)
      changed.push({ seq, number, now: is });
  }

  return {
    take: (sealed) => {
      if (last === null) first = sealed.number;
      checkSeal(sealed);
      checkRow(sealed);
      copies.take(sealed);
      const noted = heads.get(sealed.number);
      if (noted !== undefined && noted.hash !== sealed.hash)
        say('changed', `seal ${sealed.number} is not the one that root noted at ${noted.at}`);
      last = sealed;
    },
    end: () => {
      for (const one of heads.values()) {
        if (one.number > (last?.number ?? 0))
          say('ahead', `root noted seal ${one.number} at ${one.at}, and the audit ends before it`);
        else if (one.number < first && !mayBeForgotten(one, now, rows))
          say(
            'missing',
            `seal ${one.number}, which root noted at ${one.at}, is missing, and what was before it`,
          );
      }
      return { rows, last, wrong, changed, copiesOnly: copies.end() };
    },
  };
}

function mayBeForgotten({ at }: NotedHead, now: Date, rows: number): boolean {
  const days = (now.getTime() - Date.parse(at)) / DAY_MS;
  return days >= KEPT_DAYS || (days >= KEPT_DAYS_OF_MANY && rows >= MANY * 0.9);
}
