import { readChain, type ChainedLine } from './audit-chain.ts';
import { NotedHead } from './audit-log.ts';
import { createLoggedLines, type LoggedLines } from './logged-lines.ts';

/** The first of what is wrong in one place, and why. */
export type Wrong = {
  readonly why: 'changed' | 'missing' | 'swapped' | 'ahead' | 'unsealed' | 'forged' | 'uncopied';
  readonly sentence: string;
};

/** What root's log says, to hold the state's audit against. */
export type CheckedLog = {
  readonly lines: LoggedLines;
  /** Where the log is long only some of those before the newest: each is of all that was before it. */
  readonly heads: ReadonlyMap<number, NotedHead>;
  /** The seal up to which root has accepted what there is; 0 where it never did. */
  readonly accepted: number;
  readonly first: number;
  readonly last: number;
  readonly wrong: readonly Wrong[];
};

const MOST_WRONG = 20;
const MOST_HEADS = 50_000;

/** Reads all of root's log, and whether each line is what it was and stands where it stood. */
export async function checkLog(texts: AsyncIterable<string> | Iterable<string>): Promise<CheckedLog> {
  const lines = createLoggedLines();
  const heads = new Map<number, NotedHead>();
  const breaks: { readonly expected: number; readonly found: number }[] = [];
  let [first, last, accepted] = [0, 0, 0];
  for await (const one of readChain(texts)) {
    // What is kept of a log begins with a line; a line end is left where it was broken off.
    const isBroken = one.good === false || (one.good === null && one.between > 1);
    if (isBroken && breaks.length < MOST_WRONG)
      breaks.push({ expected: one.good === null ? one.number : last + 1, found: one.number });
    lines.add(one);
    const head = headIn(one);
    if (head?.event === 'accepted') {
      // Root has given up what was noted before.
      heads.clear();
      accepted = head.noted?.number ?? 0;
    }
    if (head?.noted !== undefined) heads.set(head.noted.number, head.noted);
    if (heads.size > MOST_HEADS) thinOut(heads);
    first ||= one.number;
    last = one.number;
  }
  const wrong = breaks.map(({ expected, found }) => toWrong(expected, found, lines.has(expected)));
  return { lines, heads, accepted, first, last, wrong };
}

/** Every second of the older half. */
function thinOut(heads: Map<number, NotedHead>): void {
  for (const [index, number] of [...heads.keys()].slice(0, MOST_HEADS / 2).entries())
    if (index % 2 === 0) heads.delete(number);
}

function toWrong(expected: number, found: number, elsewhere: boolean): Wrong {
  if (found === expected)
    return {
      why: 'changed',
      sentence: `line ${found} of root's log was changed, or what stands between it and the line before`,
    };
  if (elsewhere)
    return { why: 'swapped', sentence: `where line ${expected} of root's log should be is line ${found}` };
  return {
    why: 'missing',
    sentence: `line ${expected} of root's log is missing: line ${found} is in its place`,
  };
}

type Head = { readonly event: 'head' | 'accepted'; readonly noted: NotedHead | undefined };

function headIn({ text }: ChainedLine): Head | null {
  if (!/"event":"(?:head|accepted)"/.test(text)) return null;
  try {
    const facts = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const { event, time: at, sealed: number, seal: hash } = facts;
    if (event !== 'head' && event !== 'accepted') return null;
    return { event, noted: NotedHead.safeParse({ at, number, hash }).data };
  } catch {
    return null;
  }
}
