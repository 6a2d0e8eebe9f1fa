import fc from 'fast-check';
import { CHAIN_BEGINS, chain, endOfChain } from '../../../worker-privileged/executor/system/audit-chain.ts';
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
