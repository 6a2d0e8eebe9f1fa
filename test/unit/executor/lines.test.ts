import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { MAX_REQUEST_BYTES } from '../../../contract/executor.ts';
import type { AuditEvent } from '../../../worker-privileged/executor/server/audit.ts';
import { createLineReader } from '../../../worker-privileged/executor/server/line-reader.ts';
import { serveLines } from '../../../worker-privileged/executor/server/lines.ts';

function serve(dispatch: (line: string) => Promise<void> = () => Promise.resolve()) {
  const input = new PassThrough();
  const output = new PassThrough();
  const events: AuditEvent[] = [];
  const lines: string[] = [];
  const stop = new AbortController();
  const over = serveLines(
    { input, output },
    {
      dispatch: async (line, answer) => {
        lines.push(line);
        await dispatch(line);
        answer({ request: 'r1', result: line.length });
      },
      audit: (event) => void events.push(event),
      stop: stop.signal,
    },
  );
  const answers = () => String(output.read() ?? '');
  return { input, output, events, lines, over, stop, answers };
}

test('each line is a request, however it is cut on its way', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).filter((line) => !line.includes('\n'))),
      fc.integer({ min: 1, max: 7 }),
      (lines, size) => {
        const reader = createLineReader();
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const read: string[] = [];
        for (let at = 0; at < bytes.length; at += size) {
          reader.push(bytes.subarray(at, at + size), (line) => void read.push(line));
        }
        reader.end();
        expect(read).toEqual(lines);
      },
    ),
  );
});

test('a line of just the most bytes is read', async () => {
  const { input, lines, over } = serve();
  input.end(`${'x'.repeat(MAX_REQUEST_BYTES)}\n`);
  await over;
  expect(lines.map(({ length }) => length)).toEqual([MAX_REQUEST_BYTES]);
});

const broken: readonly [string, string, Buffer][] = [
  ['that is too long', 'a line is too long', Buffer.from(`${'x'.repeat(MAX_REQUEST_BYTES + 1)}\n`)],
  ['that is too long and never ends', 'a line is too long', Buffer.alloc(MAX_REQUEST_BYTES + 1, 'x')],
  ['that is not UTF-8', 'a line is not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a])],
  ['with half a character', 'a line is not UTF-8', Buffer.from([0x22, 0xc3, 0x22, 0x0a])],
];

test.each(broken)('the reader of lines takes none %s', (_, why, bytes) => {
  const reader = createLineReader();
  expect(() => reader.push(bytes, () => undefined)).toThrow(why);
});

test.each(broken)('a line %s is refused unread, and ends the conversation', async (_, why, bytes) => {
  const { input, lines, over, events, answers } = serve();
  input.write('first\n');
  input.write(bytes);
  input.write('after\n');
  await over;
  expect(lines).toEqual(['first']);
  expect(events).toEqual([{ event: 'refused', outcome: why }]);
  const answered = answers().trimEnd().split('\n');
  expect(answered).toHaveLength(2);
  expect(answered.join()).toContain('"code":"invalid_request"');
});

test('a last line that breaks off is refused', async () => {
  const { input, lines, over, events } = serve();
  input.end('{"request":"r1"');
  await over;
  expect(lines).toEqual([]);
  expect(events).toEqual([{ event: 'refused', outcome: 'the last line breaks off' }]);
});

test('a caller that goes away does not stop what it asked for', async () => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  let ended = false;
  const { input, output, over } = serve(() => gate.then(() => void (ended = true)));
  input.write('one\n');
  output.destroy();
  input.end();
  open();
  await over;
  expect(ended).toBe(true);
});

test('a connection that breaks is noted, and what was asked is still waited for', async () => {
  const { input, over, events, lines } = serve();
  input.write('one\n');
  await new Promise((resolve) => setImmediate(resolve));
  input.destroy(new Error('ECONNRESET'));
  await over;
  expect(lines).toEqual(['one']);
  expect(events).toEqual([{ event: 'refused', outcome: 'its connection broke' }]);
});

test('when it shall stop it reads no more, and answers what it has read', async () => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const { input, over, stop, lines, answers } = serve(() => gate);
  input.write('one\n');
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  input.write('two\n');
  open();
  await over;
  expect(lines).toEqual(['one']);
  expect(answers()).toBe('{"request":"r1","result":3}\n');
});

test('a caller that reads none of its answers is let go', async () => {
  const { input, output, over } = serve();
  for (let n = 0; n < 60_000; n += 1) input.write('x\n');
  input.end();
  await over;
  expect(output.destroyed).toBe(true);
});
