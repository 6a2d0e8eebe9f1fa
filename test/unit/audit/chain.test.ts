import fc from 'fast-check';
import {
  CHAIN_BEGINS,
  chain,
  endOfChain,
  readChain,
} from '../../../worker-privileged/executor/system/audit-chain.ts';
import { checkLog } from '../../../worker-privileged/executor/system/audit-log-check.ts';

/* The lines of root's log. */

function logOf(...facts: readonly object[]): string {
  return chain(CHAIN_BEGINS, facts).text;
}

const THREE = logOf({ event: 'begun', verb: 'site.put' }, { event: 'ended' }, { event: 'refused' });
const lines = THREE.split(/(?<=\n)/);

test('a log as it was written is right, with its lines counted', async () => {
  expect(await checkLog([THREE])).toMatchObject({ first: 1, last: 3, wrong: [] });
});

test.each([
  [
    'a word in a line',
    [lines[0], (lines[1] ?? '').replace('ended', 'begun'), lines[2]],
    { why: 'changed', where: 'line 2' },
  ],
  ['a line less', [lines[0], lines[2]], { why: 'missing', where: 'line 2' }],
  ['two lines in another order', [lines[0], lines[2], lines[1]], { why: 'swapped', where: 'line 2' }],
  [
    'a line more, which has no number',
    [lines[0], '{"event":"ended"}\n', lines[1], lines[2]],
    { why: 'changed', where: 'line 2' },
  ],
  [
    'a line that is another’s twice',
    [lines[0], lines[1], lines[1], lines[2]],
    { why: 'swapped', where: 'line 3' },
  ],
])('%s is found', async (_, changed, { why, where }) => {
  const [first] = (await checkLog([changed.join('')])).wrong;
  expect(first?.sentence).toContain(where);
  expect(first?.why).toBe(why);
});

test('lines that were written without a number, or in part, are covered by the next that has one', async () => {
  const before = '{"event":"of an earlier version"}\n';
  const torn = '{"event":"be';
  const text = before + THREE + before + torn;
  const end = endOfChain(text, true);
  expect(end).toMatchObject({ number: 3, rest: before + torn });
  const more = chain(end ?? CHAIN_BEGINS, [{ event: 'begun' }, { event: 'ended' }]).text;
  expect(await checkLog([text + more])).toMatchObject({ last: 5, wrong: [] });
  const gone = (text + more).replace('\n{"event":"of an earlier version"}\n{"event":"be', '\n{"event":"be');
  expect((await checkLog([gone])).wrong).toMatchObject([{ why: 'changed' }]);
});

test('a chain goes on in the next file, wherever it is turned over', async () => {
  const end = endOfChain(THREE, true);
  const next = chain(end ?? CHAIN_BEGINS, [{ event: 'begun' }]).text;
  for (let at = 0; at <= lines.length; at += 1) {
    const files = [lines.slice(0, at).join(''), lines.slice(at).join('') + next];
    expect(await checkLog(files)).toMatchObject({ first: 1, last: 4, wrong: [] });
  }
});

async function allOf<T>(some: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const one of some) all.push(one);
  return all;
}

test('it is read the same in whatever parts it comes', async () => {
  const text =
    `${THREE}{"event":"torn` + chain(endOfChain(THREE, true) ?? CHAIN_BEGINS, [{ event: 'begun' }]).text;
  const whole = await allOf(readChain([text]));
  expect(whole.map(({ number, good }) => [number, good])).toEqual([
    [1, true],
    [2, true],
    [3, true],
    [4, false],
  ]);
  for (const size of [1, 7, 64, 300]) {
    const parts = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
    expect(await allOf(readChain(parts))).toEqual(whole);
  }
});

test('what is longer than a line of ours is none, whatever it ends with', async () => {
  const long = `${'x'.repeat(3_000_000)}${lines[1] ?? ''}`;
  const parts = long.match(/[^]{1,65536}/g) ?? [];
  expect(await checkLog([lines[0] ?? '', ...parts, lines[2] ?? ''])).toMatchObject({
    wrong: [{ why: 'missing' }],
  });
});

test('a log of which the oldest is no longer kept begins with a line, or what stands before it was one', async () => {
  expect(await checkLog([lines.slice(1).join('')])).toMatchObject({ first: 2, wrong: [] });
  const changed = [(lines[0] ?? '').replace('"hash"', '"hush"'), lines[1], lines[2]].join('');
  expect((await checkLog([changed])).wrong).toMatchObject([{ why: 'changed' }]);
});

test('what root noted of the audit is read out of it', async () => {
  const head = { time: '2026-01-01T00:00:00.000Z', event: 'head', sealed: 7, seal: 'a'.repeat(64) };
  const { heads } = await checkLog([logOf({ event: 'begun' }, head)]);
  expect([...heads]).toEqual([[7, { at: head.time, number: 7, hash: head.seal }]]);
});

test('whatever octet is changed, it is found', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(THREE.length - 2), fc.integer({ min: 33, max: 126 }), async (at, code) => {
      const changed = THREE.slice(0, at) + String.fromCharCode(code) + THREE.slice(at + 1);
      const { wrong, first, last } = await checkLog([changed]);
      // Where the first line or the last is none any more, the copy in the state's audit tells.
      expect(changed === THREE || wrong.length > 0 || last < 3 || first > 1).toBe(true);
    }),
  );
});
