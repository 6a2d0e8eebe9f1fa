import { createHash } from 'node:crypto';
import { Hash, NOTHING_BEFORE } from '../../../contract/audit.ts';
import { asciiJson } from './log.ts';

/*
 * The lines of root's log. Each has a number and a hash over itself, the hash before it, and whatever bytes lie between:
 * a line that was written without, when no lock was to be had or by an earlier version, is covered by the next.
 * Texts here are octets, read as latin1.
 */

/** Where a chain ends, and what was written after that. */
export type ChainEnd = { readonly number: number; readonly hash: Hash; readonly rest: string };

export type ChainedLine = {
  readonly number: number;
  readonly hash: Hash;
  readonly text: string;
  /** Whether the hash is what it should be; null of the first that there is, where what came before is gone. */
  readonly good: boolean | null;
  /** Octets of lines without a number before it. */
  readonly between: number;
};

export const CHAIN_BEGINS: ChainEnd = { number: 0, hash: NOTHING_BEFORE, rest: '' };

const CHAINED = /,"number":([1-9][0-9]{0,14}),"hash":"([0-9a-f]{64})"\}$/;

/** Lines for these facts, and where the chain ends with them. */
export function chain(
  end: ChainEnd,
  all: readonly object[],
): { readonly text: string; readonly end: ChainEnd } {
  const torn = end.rest !== '' && !end.rest.endsWith('\n');
  let { number, hash } = end;
  let rest = torn ? `${end.rest}\n` : end.rest;
  let text = torn ? '\n' : '';
  for (const facts of all) {
    number += 1;
    const body = `${asciiJson(facts).slice(0, -1)},"number":${number}`;
    hash = lineHash(hash, rest, body);
    text += `${body},"hash":"${hash}"}\n`;
    rest = '';
  }
  return { text, end: { number, hash, rest } };
}

/** Null where there is no chained line in it. `whole`: the first line of the text begins there. */
export function endOfChain(text: string, whole: boolean): ChainEnd | null {
  const lines = text.split('\n');
  for (let index = lines.length - 2; index >= (whole ? 0 : 1); index -= 1) {
    const found = CHAINED.exec(lines[index] ?? '');
    if (found !== null) return { ...numberAndHash(found), rest: lines.slice(index + 1).join('\n') };
  }
  return null;
}

/** All lines that are chained in texts that follow each other, wherever one ends; no more of them is held than a line. */
export async function* readChain(
  texts: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<ChainedLine, void, undefined> {
  let before: ChainEnd | null = null;
  let hashing = createHash('sha256');
  let between = 0;
  for await (const { text, whole } of linesOf(texts)) {
    const found = whole ? CHAINED.exec(text.slice(0, -1)) : null;
    if (found === null) {
      hashing.update(text, 'latin1');
      between += text.length;
      continue;
    }
    const { number, hash } = numberAndHash(found);
    const body = text.slice(0, found.index) + `,"number":${number}`;
    const is = hashing.update(body, 'latin1').digest('hex');
    yield {
      number,
      hash,
      text: text.slice(0, -1),
      good: isGood(before, { number, hash, body, is }),
      between,
    };
    before = { number, hash, rest: '' };
    hashing = createHash('sha256').update(`${hash}\n`, 'latin1');
    between = 0;
  }
}

type Found = { readonly number: number; readonly hash: Hash; readonly body: string; readonly is: string };

function isGood(before: ChainEnd | null, { number, hash, body, is }: Found): boolean | null {
  // What stood there before the first line of all was not covered by it.
  if (before === null) return number === 1 ? lineHash(NOTHING_BEFORE, '', body) === hash : null;
  return number === before.number + 1 && is === hash;
}

const LONGEST = 1_048_576;

/** A line with its end; what ends nowhere, or is longer than any of ours, in pieces. */
async function* linesOf(
  texts: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<{ readonly text: string; readonly whole: boolean }, void, undefined> {
  let rest = '';
  let isTorn = false;
  for await (const text of texts) {
    const lines = (rest + text).split(/(?<=\n)/);
    rest = lines.at(-1)?.endsWith('\n') === false ? (lines.pop() ?? '') : '';
    for (const line of lines) {
      yield { text: line, whole: !isTorn };
      isTorn = false;
    }
    if (rest.length <= LONGEST) continue;
    yield { text: rest, whole: false };
    [rest, isTorn] = ['', true];
  }
  if (rest !== '') yield { text: rest, whole: false };
}

function numberAndHash([, number, hash]: RegExpExecArray): { number: number; hash: Hash } {
  return { number: Number(number), hash: Hash.parse(hash) };
}

function lineHash(before: Hash, rest: string, body: string): Hash {
  return Hash.parse(createHash('sha256').update(`${before}\n${rest}${body}`, 'latin1').digest('hex'));
}
