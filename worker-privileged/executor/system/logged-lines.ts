import { createHash } from 'node:crypto';
import { detailOf, type AuditContent } from '../../../contract/audit.ts';
import type { ChainedLine } from './audit-chain.ts';
import { timeOf, toRootLine } from './audit-copies.ts';

/** What a row that says it is the copy of a line is: that, or of none that is known, of another, or one more of the same. */
export type Copy = 'right' | 'none' | 'another' | 'again';

/** The lines of root's log, to hold their copies in the audit against. */
export type LoggedLines = {
  readonly add: (line: ChainedLine) => void;
  readonly has: (line: number) => boolean;
  /** The first of which it is still known what it says. */
  readonly first: () => number;
  readonly copied: (line: number, row: AuditContent) => Copy;
  /** Those from `first` on that came before then, and of which there was no copy. */
  readonly uncopied: (first: number, before: Date) => Uncopied;
};
export type Uncopied = { readonly count: number; readonly line: number; readonly at: string };

/** Some hundred megabytes, however large the log: what came before the newest millions is not compared. */
const MOST_PAGES = 64;
const PAGE = 65_536;
const OCTETS = 16;
const [IS_THERE, HAS_COPY, IS_COPIED] = [1, 2, 4];

type Page = { readonly digests: Buffer; readonly times: Float64Array; readonly flags: Uint8Array };

export function createLoggedLines(): LoggedLines {
  const pages = new Map<number, Page>();

  function find(line: number): { readonly page: Page; readonly at: number; readonly flags: number } | null {
    const [page, at] = [pages.get(Math.floor(line / PAGE)), line % PAGE];
    const flags = page?.flags[at] ?? 0;
    return page === undefined || flags === 0 ? null : { page, at, flags };
  }

  function pageOf(line: number): Page {
    const index = Math.floor(line / PAGE);
    const page = pages.get(index) ?? {
      digests: Buffer.alloc(PAGE * OCTETS),
      times: new Float64Array(PAGE),
      flags: new Uint8Array(PAGE),
    };
    pages.set(index, page);
    if (pages.size > MOST_PAGES) pages.delete(Math.min(...pages.keys()));
    return page;
  }

  function* all(): Generator<{ readonly line: number; readonly flags: number; readonly time: number }> {
    for (const [index, { flags, times }] of [...pages].sort(([one], [other]) => one - other))
      for (const [at, flag] of flags.entries())
        if (flag !== 0) yield { line: index * PAGE + at, flags: flag, time: times[at] ?? 0 };
  }

  return {
    add: (line) => {
      const [page, at] = [pageOf(line.number), line.number % PAGE];
      const copy = toRootLine(line);
      page.flags[at] = copy === null ? IS_THERE : IS_THERE | HAS_COPY;
      page.times[at] = timeOf(line);
      if (copy === null) return;
      const { actor, action, resource, outcome } = copy;
      page.digests.set(digestOf([actor, action, resource, outcome, detailOf(copy)]), at * OCTETS);
    },
    has: (line) => find(line) !== null,
    first: () => {
      for (const { line } of all()) return line;
      return 0;
    },
    copied: (line, [, , actor, , action, resource, outcome, times, detail]) => {
      const found = find(line);
      if (found === null) return 'none';
      const { page, at, flags } = found;
      const digest = digestOf([actor, action, resource, outcome, detail]);
      const isIt = page.digests.subarray(at * OCTETS, (at + 1) * OCTETS).equals(digest);
      if ((flags & HAS_COPY) === 0 || times !== 1 || !isIt) return 'another';
      if ((flags & IS_COPIED) !== 0) return 'again';
      page.flags[at] = flags | IS_COPIED;
      return 'right';
    },
    uncopied: (first, before) => {
      let [count, line, at] = [0, 0, 0];
      for (const one of all()) {
        if (one.line < first || one.flags !== (IS_THERE | HAS_COPY) || one.time >= before.getTime()) continue;
        if (count === 0) [line, at] = [one.line, one.time];
        count += 1;
      }
      return { count, line, at: new Date(at).toISOString() };
    },
  };
}

function digestOf(said: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(said), 'utf8').digest().subarray(0, OCTETS);
}
