import {
  contentHash,
  detailOf,
  NOTHING_BEFORE,
  sealHash,
  type AuditContent,
} from '../../../contract/audit.ts';
import { createTableCheck } from '../../../worker-privileged/executor/system/audit-check.ts';
import { CHAIN_BEGINS, chain } from '../../../worker-privileged/executor/system/audit-chain.ts';
import { checkLog, type CheckedLog } from '../../../worker-privileged/executor/system/audit-log-check.ts';
import type { NotedHead } from '../../../worker-privileged/executor/system/audit-log.ts';
import type { SealedRow } from '../../../worker-privileged/executor/system/audit-table.ts';

/* The audit of the state, held against its seals and what root knows of them. */

const NOW = new Date('2026-06-01T00:00:00.000Z');
const NO_LOG: CheckedLog = { lines: new Map(), heads: new Map(), first: 0, last: 0, wrong: [] };

function row(change: Partial<Record<'source' | 'actor' | 'resource' | 'detail', string>> = {}): AuditContent {
  const { source = 'api', actor = 'tokenoftests', resource = 'aaaaaaaaaaaa', detail = '' } = change;
  return ['2026-05-01 00:00:00.000', source, actor, '::1', 'domain.create', resource, 'accepted', 1, detail];
}

function sealed(rows: readonly AuditContent[]): SealedRow[] {
  let hash = NOTHING_BEFORE;
  return rows.map((one, index) => {
    const [number, seq] = [index + 1, index + 101];
    const content = contentHash(one);
    hash = sealHash(hash, { number, seq, content });
    return { number, seq, content, hash, row: one };
  });
}

const FOUR = sealed(['a', 'b', 'c', 'd'].map((resource) => row({ resource })));

function check(rows: readonly SealedRow[], { head = null, log = NO_LOG, newestRow = 999 }: Known = {}) {
  const table = createTableCheck({ log, head, newestRow, now: NOW });
  rows.forEach(table.take);
  const { wrong, changed } = table.end();
  return {
    whys: wrong.map(({ why }) => why),
    first: wrong[0]?.sentence,
    changed: changed.map(({ seq }) => seq),
  };
}
type Known = { readonly head?: NotedHead | null; readonly log?: CheckedLog; readonly newestRow?: number };

function headAt(number: number, at = '2026-05-31T00:00:00.000Z'): NotedHead {
  return { number, at, hash: FOUR[number - 1]?.hash ?? NOTHING_BEFORE };
}

const without = (number: number) => FOUR.filter((one) => one.number !== number);
const changedAt = (number: number, change: Partial<SealedRow>) =>
  FOUR.map((one) => (one.number === number ? { ...one, ...change } : one));

test('what was sealed and stands is right, up to where root has seen it', () => {
  expect(check(FOUR, { head: headAt(4) })).toEqual({ whys: [], first: undefined, changed: [] });
});

test('a row that was changed is named', () => {
  expect(check(changedAt(3, { row: row({ resource: 'x' }) }))).toMatchObject({ whys: [], changed: [103] });
});

test('rows that stand in each other’s place are', () => {
  const [one, two] = [FOUR[1]?.row ?? null, FOUR[2]?.row ?? null];
  const swapped = FOUR.map((each) =>
    each.number === 2 ? { ...each, row: two } : each.number === 3 ? { ...each, row: one } : each,
  );
  expect(check(swapped).changed).toEqual([102, 103]);
});

test('a row that is missing is named', () => {
  expect(check(changedAt(2, { row: null }))).toMatchObject({
    whys: ['missing'],
    first: 'row 102 of the audit is missing (seal 2)',
  });
});

test('so is a seal, with its row or without it', () => {
  expect(check(without(2))).toMatchObject({ whys: ['missing'], first: expect.stringContaining('seal 2 ') });
});

test('a seal that was made anew is found by the next, and the whole chain made anew by what root noted', () => {
  const other = sealed(['a', 'b', 'x', 'd'].map((resource) => row({ resource })));
  expect(check([...FOUR.slice(0, 2), ...other.slice(2, 3), ...FOUR.slice(3)]).whys).toEqual(['changed']);
  expect(check(other).whys).toEqual([]);
  expect(check(other, { head: headAt(4) })).toMatchObject({
    whys: ['changed'],
    first: 'seal 4 is not the one that root noted at 2026-05-31T00:00:00.000Z',
  });
});

test('rows that were taken off the end, or all of them, are behind what root noted', () => {
  expect(check(without(4), { head: headAt(4) }).whys).toEqual(['ahead']);
  expect(check([], { head: headAt(4) }).whys).toEqual(['ahead']);
});

test('the oldest may be gone, with the seal of the last of them left, when root noted that long ago', () => {
  const rest = [{ ...FOUR[1], row: null } as SealedRow, ...FOUR.slice(2)];
  expect(check(rest, { head: headAt(4) }).whys).toEqual([]);
  const log = (at: string) => ({ ...NO_LOG, heads: new Map([[1, headAt(1, at)]]) });
  expect(check(rest, { log: log('2025-01-01T00:00:00.000Z') }).whys).toEqual([]);
  expect(check(rest, { log: log('2026-01-01T00:00:00.000Z') }).whys).toEqual(['missing']);
});

describe('of what is copied from root’s log', () => {
  const facts = [{ event: 'begun', verb: 'site.put' }, { event: 'ended' }];
  const written = chain(CHAIN_BEGINS, facts).text;
  const copies = async () => {
    const log = await checkLog([written]);
    return [...log.lines].map(([line, hash]) =>
      row({ source: 'worker', actor: 'executor', detail: detailOf({ line, hash, about: '' }) }),
    );
  };

  test('a log that ends sooner, or says something else, is found', async () => {
    const rows = sealed(await copies());
    expect(check(rows, { log: await checkLog([written]) }).whys).toEqual([]);
    const [first = ''] = written.split(/(?<=\n)/);
    expect(check(rows, { log: await checkLog([first]) }).whys).toEqual(['missing']);
    const other = chain(CHAIN_BEGINS, [{ event: 'refused' }, facts[1] ?? {}]).text;
    expect(check(rows, { log: await checkLog([other]) }).whys).toEqual(['changed', 'changed']);
  });

  test('a line that came after the log was read is nobody’s fault, and no word of the API is believed', async () => {
    const rows = sealed(await copies());
    expect(check(rows, { log: NO_LOG, newestRow: 100 }).whys).toEqual([]);
    const forged = sealed([
      row({ actor: 'root', detail: detailOf({ line: 7, hash: NOTHING_BEFORE, about: '' }) }),
    ]);
    expect(check(forged).whys).toEqual([]);
  });
});
