import {
  contentHash,
  detailOf,
  Hash,
  NOTHING_BEFORE,
  sealHash,
  type AuditContent,
} from '../../../contract/audit.ts';
import { createTableCheck } from '../../../worker-privileged/executor/system/audit-check.ts';
import { CHAIN_BEGINS, chain } from '../../../worker-privileged/executor/system/audit-chain.ts';
import { checkLog, type CheckedLog } from '../../../worker-privileged/executor/system/audit-log-check.ts';
import { readChain } from '../../../worker-privileged/executor/system/audit-chain.ts';
import { toRootLine } from '../../../worker-privileged/executor/system/audit-copies.ts';
import type { NotedHead } from '../../../worker-privileged/executor/system/audit-log.ts';
import { createLoggedLines } from '../../../worker-privileged/executor/system/logged-lines.ts';
import type { SealedRow } from '../../../worker-privileged/executor/system/audit-table.ts';

/* The audit of the state, held against its seals and what root knows of them. */

const NOW = new Date('2026-06-01T00:00:00.000Z');
const noLog = (): CheckedLog => ({
  ...{ lines: createLoggedLines(), heads: new Map(), accepted: 0 },
  ...{ first: 0, last: 0, wrong: [] },
});

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

function check(rows: readonly SealedRow[], { head = null, log = noLog(), newestRow = 999 }: Known = {}) {
  const table = createTableCheck({ log, head, newestRow, now: NOW });
  rows.forEach(table.take);
  const { wrong, changed, copiesOnly } = table.end();
  return {
    whys: wrong.map(({ why }) => why),
    first: wrong[0]?.sentence,
    changed: changed.map(({ seq }) => seq),
    copiesOnly,
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
  expect(check(FOUR, { head: headAt(4) })).toMatchObject({ whys: [], first: undefined, changed: [] });
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
  const log = (at: string) => ({ ...noLog(), heads: new Map([[1, headAt(1, at)]]) });
  expect(check(rest, { log: log('2025-01-01T00:00:00.000Z') }).whys).toEqual([]);
  expect(check(rest, { log: log('2026-01-01T00:00:00.000Z') }).whys).toEqual(['missing']);
});

describe('of what is copied from root’s log', () => {
  const at = (time: string) => ({ time: `2026-05-31T${time}.000Z` });
  const facts = [
    { ...at('23:00:00'), event: 'begun', verb: 'site.put', operation: 'o1', id: 'aaaaaaaaaaaa' },
    { ...at('23:00:01'), event: 'head', sealed: 1, seal: 'a'.repeat(64) },
    { ...at('23:00:02'), event: 'ended', verb: 'site.put', operation: 'o1', outcome: 'succeeded' },
    { ...at('23:00:03'), event: 'begun', command: 'purge', subject: 'domain x', login: 1000 },
  ];
  const written = chain(CHAIN_BEGINS, facts).text;
  const lines = written.split(/(?<=\n)/);

  async function copiesOf(text: string): Promise<AuditContent[]> {
    const copies: AuditContent[] = [];
    for await (const line of readChain([text])) {
      const copy = toRootLine(line);
      if (copy === null) continue;
      const { actor, action, resource, outcome } = copy;
      const address = 'default';
      copies.push([
        ...(['2026-05-31 23:00:09.000', 'worker', actor, address, action, resource, outcome, 1] as const),
        detailOf(copy),
      ]);
    }
    return copies;
  }
  const standing = async (text = written) => ({ log: { ...(await checkLog([text])), heads: new Map() } });
  const copies = () => copiesOf(written);

  test('each line has its copy, and that is all there is of it', async () => {
    expect(check(sealed(await copies()), await standing()).whys).toEqual([]);
  });

  test('a log that ends sooner, or says something else, is found', async () => {
    const rows = sealed(await copies());
    expect(check(rows, await standing(lines.slice(0, 3).join(''))).whys).toEqual(['missing']);
    const other = chain(CHAIN_BEGINS, [{ event: 'refused' }, ...facts.slice(1)]).text;
    expect(check(rows, await standing(other)).whys).toEqual(['changed', 'changed', 'changed', 'uncopied']);
  });

  test.each([
    ['another actor', 2, 'root'],
    ['another deed', 4, 'site.purge'],
    ['another thing', 5, 'bbbbbbbbbbbb'],
    ['another outcome', 6, 'failed'],
    ['another number of times', 7, 2],
  ])('a copy that says %s than the line of which it has the hash is named', async (_, column, value) => {
    const [first, ...rest] = await copies();
    const forged = [...(first ?? [])].with(column, value) as AuditContent;
    expect(check(sealed([forged, ...rest]), await standing())).toMatchObject({
      whys: ['changed'],
      first: expect.stringContaining('row 101 '),
    });
  });

  test('a line is copied once', async () => {
    const all = await copies();
    expect(check(sealed([...all, ...all.slice(0, 1)]), await standing())).toMatchObject({
      whys: ['forged'],
      first: "row 104 of the audit is one more copy of line 1 of root's log",
    });
  });

  test.each(['root', 'executor'])(
    'what the worker says that %s did, and is no copy, is named',
    async (actor) => {
      for (const detail of ['', 'login 0', `line 0 ${'a'.repeat(64)}`, 'line 1']) {
        const rows = sealed([...(await copies()), row({ source: 'worker', actor, detail })]);
        expect(check(rows, await standing()).whys).toEqual(['forged']);
      }
    },
  );

  test('a head has no copy', async () => {
    const [, head] = lines;
    const hash = Hash.parse(/"hash":"([0-9a-f]+)"/.exec(head ?? '')?.[1]);
    const forged = row({
      source: 'worker',
      actor: 'executor',
      detail: detailOf({ line: 2, hash, about: '' }),
    });
    expect(check(sealed([...(await copies()), forged]), await standing()).whys).toEqual(['changed']);
  });

  test('lines of which there is no copy after some minutes are named, from the first that was copied', async () => {
    const [first, ...rest] = await copies();
    expect(check(sealed([]), await standing()).whys).toEqual(['uncopied']);
    expect(check(sealed(first === undefined ? [] : [first]), await standing())).toMatchObject({
      whys: ['uncopied'],
      first:
        "2 lines of root's log were not copied into the audit since 2026-05-31T23:00:02.000Z, the first is 3",
    });
    expect(check(sealed(rest), await standing()).whys).toEqual([]);
    const soon = chain(CHAIN_BEGINS, [{ event: 'begun', time: '2026-05-31T23:55:00.000Z' }]).text;
    expect(check(sealed([]), await standing(soon)).whys).toEqual([]);
  });

  test('of lines that are no longer kept the copies are counted, and one that came later than others is named', async () => {
    const rows = sealed(await copies());
    const kept = await standing(lines.slice(3).join(''));
    expect(check(rows, kept)).toMatchObject({ whys: [], copiesOnly: 2 });
    const [first, second, third] = await copies();
    if (first === undefined || second === undefined || third === undefined) throw new Error('three copies');
    const late = await standing(lines.slice(3).join(''));
    expect(check(sealed([second, third, first]), late)).toMatchObject({
      whys: ['forged'],
      first: "row 103 of the audit says it is the copy of line 1 of root's log, and came after others",
    });
  });

  test('a line that came after the log was read is nobody’s fault, and no word of the API is believed', async () => {
    const rows = sealed(await copies());
    expect(check(rows, { log: noLog(), newestRow: 100 }).whys).toEqual([]);
    const forged = sealed([
      row({ actor: 'root', detail: detailOf({ line: 7, hash: NOTHING_BEFORE, about: '' }) }),
    ]);
    expect(check(forged).whys).toEqual([]);
  });
});

test('what root has accepted is held against nothing, and what came after it is', async () => {
  const { hash = NOTHING_BEFORE } = FOUR[2] ?? {};
  const facts = [
    { event: 'head', time: '2026-05-01T00:00:00.000Z', sealed: 2 ** 53 - 1, seal: 'a'.repeat(64) },
    { event: 'accepted', time: '2026-05-02T00:00:00.000Z', command: 'audit', sealed: 3, seal: hash },
  ];
  const log = await checkLog([chain(CHAIN_BEGINS, facts).text]);
  const known = { log: { ...log, lines: createLoggedLines() } };
  expect([log.accepted, [...log.heads.keys()]]).toEqual([3, [3]]);
  expect(check(without(2), known)).toMatchObject({ whys: [], changed: [] });
  expect(check(changedAt(2, { row: row({ resource: 'x' }) }), known)).toMatchObject({
    whys: [],
    changed: [],
  });
  expect(check(changedAt(3, { hash: NOTHING_BEFORE }), known).whys).toContain('changed');
  expect(check(changedAt(4, { row: null }), known).whys).toEqual(['missing']);
});
