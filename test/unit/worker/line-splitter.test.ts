import { createLineSplitter } from '../../../worker-privileged/line-splitter.ts';

function split(maxBytes: number, chunks: readonly (string | Buffer)[]) {
  const lines: string[] = [];
  let tooLong = 0;
  const take = createLineSplitter(maxBytes, {
    line: (line) => lines.push(line),
    tooLong: () => (tooLong += 1),
  });
  for (const chunk of chunks) take(Buffer.from(chunk));
  return { lines, tooLong };
}

test.each([
  ['several lines in one piece', ['a\nb\nc\n'], ['a', 'b', 'c']],
  ['a line in several pieces', ['a', 'b', 'c\n'], ['abc']],
  ['a line feed of its own', ['ab', '\n', 'cd\n'], ['ab', 'cd']],
  ['empty lines', ['\n\n'], ['', '']],
  ['a last line that has not ended', ['a\nb'], ['a']],
  ['a line of just the length that is taken', ['abcde\n', 'fghij\n'], ['abcde', 'fghij']],
])('cuts %s', (_what, chunks, lines) => {
  expect(split(5, chunks)).toEqual({ lines, tooLong: 0 });
});

test('keeps together the bytes of a letter that arrive apart', () => {
  const [first, second] = [Buffer.from('ü\n').subarray(0, 1), Buffer.from('ü\n').subarray(1)];
  expect(split(5, [first, second]).lines).toEqual(['ü']);
});

test.each([
  ['in one piece', ['ok\nabcdef\nok\n']],
  ['in many', ['ok\nabc', 'def', 'ghi', '\nok\n']],
  ['that never ends', ['ok\nabcdef', 'ghijkl', 'mnopqr']],
])('says once that a line is too long, %s, and hands on nothing after it', (_what, chunks) => {
  expect(split(5, chunks)).toEqual({ lines: ['ok'], tooLong: 1 });
});
