import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHAIN_BEGINS, chain, endOfChain } from '../../../worker-privileged/executor/system/audit-chain.ts';
import { createAuditLines } from '../../../worker-privileged/executor/system/audit-lines.ts';

/* What the worker is told of root's log, however long it is. */

const folder = mkdtempSync(join(tmpdir(), 'sculptor-lines-'));
const log = join(folder, 'audit.log');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const COUNT = 3000;
const fact = (index: number) =>
  index % 10 === 0
    ? { event: 'head', sealed: index, seal: 'a'.repeat(64) }
    : { event: 'begun', verb: 'site.put', id: `x${index}`, more: 'y'.repeat(index % 300) };
const written = chain(
  CHAIN_BEGINS,
  Array.from({ length: COUNT }, (_, index) => fact(index + 1)),
).text;
const numbers = Array.from({ length: COUNT }, (_, index) => index + 1);
const copied = numbers.filter((number) => number % 10 !== 0);

async function all(after: number, ask = createAuditLines(log).after): Promise<number[]> {
  const found: number[] = [];
  for (let from = after; ;) {
    const { lines, last } = await ask(from);
    expect(lines.length).toBeLessThanOrEqual(200);
    if (last === from) return found;
    found.push(...lines.map(({ line }) => line));
    from = last;
  }
}

beforeEach(() => {
  rmSync(`${log}.1`, { force: true });
  writeFileSync(log, written, 'latin1');
});

test('each line is told once, in its turn, from wherever it is asked for', async () => {
  for (const after of [0, 1, 199, 1234, 2999, COUNT])
    expect(await all(after)).toEqual(copied.filter((number) => number > after));
});

test('one that forgets where it was finds it again', async () => {
  for (const after of [0, 700, 2500]) {
    const forgetful = (line: number) => createAuditLines(log).after(line);
    expect(await all(after, forgetful)).toEqual(copied.filter((number) => number > after));
  }
});

test('it goes on from the former file into the one of now', async () => {
  renameSync(log, `${log}.1`);
  const end = endOfChain(written, true) ?? CHAIN_BEGINS;
  const more = chain(
    end,
    Array.from({ length: 500 }, () => ({ event: 'ended' })),
  ).text;
  writeFileSync(log, more, 'latin1');
  const rest = Array.from({ length: 500 }, (_, index) => COUNT + index + 1);
  for (const after of [0, 2900, COUNT, COUNT + 10])
    expect(await all(after)).toEqual([...copied, ...rest].filter((number) => number > after));
});

test('what comes while it is asked is told next', async () => {
  const { after } = createAuditLines(log);
  expect(await all(0, after)).toHaveLength(copied.length);
  appendFileSync(log, chain(endOfChain(written, true) ?? CHAIN_BEGINS, [{ event: 'ended' }]).text);
  expect(await all(COUNT, after)).toEqual([COUNT + 1]);
});

test('lines without a number between those that have one are passed over', async () => {
  const lines = written.split(/(?<=\n)/);
  writeFileSync(
    log,
    [...lines.slice(0, 1500), 'x'.repeat(200_000), '\n', ...lines.slice(1500)].join(''),
    'latin1',
  );
  for (const after of [0, 1499, 1500, 1600])
    expect(await all(after)).toEqual(copied.filter((number) => number > after));
});

test('who says that there are copies of more lines than there are is refused', async () => {
  await expect(createAuditLines(log).after(COUNT + 1)).rejects.toMatchObject({
    failure: { code: 'mismatch' },
  });
});
