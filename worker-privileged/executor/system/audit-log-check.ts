import type { Hash } from '../../../contract/audit.ts';
import { readChain, type ChainedLine } from './audit-chain.ts';
import { NotedHead } from './audit-log.ts';

/** The first of what is wrong in one place, and why. */
export type Wrong = {
  readonly why: 'changed' | 'missing' | 'swapped' | 'ahead' | 'unsealed';
  readonly sentence: string;
};

/** What root's log says, to hold the state's audit against. */
export type CheckedLog = {
  readonly lines: ReadonlyMap<number, Hash>;
  readonly heads: ReadonlyMap<number, NotedHead>;
  readonly first: number;
  readonly last: number;
  readonly wrong: readonly Wrong[];
};

/** Reads all of root's log, and whether each line is what it was and stands where it stood. */
export async function checkLog(texts: AsyncIterable<string> | Iterable<string>): Promise<CheckedLog> {
  const lines = new Map<number, Hash>();
  const heads = new Map<number, NotedHead>();
  const breaks: { readonly expected: number; readonly found: number }[] = [];
  let last = 0;
  for await (const one of readChain(texts)) {
    if (one.good === false) breaks.push({ expected: last + 1, found: one.number });
    lines.set(one.number, one.hash);
    const head = headIn(one);
    if (head !== null) heads.set(head.number, head);
    last = one.number;
  }
  const wrong = breaks.map(({ expected, found }) => toWrong(expected, found, lines.has(expected)));
  return { lines, heads, first: lines.keys().next().value ?? 0, last, wrong };
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

function headIn({ text }: ChainedLine): NotedHead | null {
  if (!text.includes('"event":"head"')) return null;
  try {
    const facts = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const { time: at, sealed: number, seal: hash } = facts;
    return NotedHead.safeParse({ at, number, hash }).data ?? null;
  } catch {
    return null;
  }
}
