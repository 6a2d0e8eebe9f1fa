import fc from 'fast-check';
import { parseEvents, type ServerEvent } from '../../../cli/event-stream.ts';
import { printable, printableJson, printableLines } from '../../../cli/printable.ts';
import { asciiJson } from '../../../worker-privileged/executor/system/log.ts';
import { always, alwaysInTime, hostileText } from './chance.ts';

/** By Unicode's own properties: controls, what is invisible or turns the direction, and its two line ends. */
const ACTS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const text = fc.oneof(hostileText, fc.string({ unit: 'binary', maxLength: 20 }));

test('no character that acts on a terminal, or hides, is printed', () => {
  always(text, (said) => {
    expect(printable(said)).not.toMatch(ACTS);
    expect(printableLines(said).replaceAll('\n', '')).not.toMatch(ACTS);
    expect(printableJson({ said }).replaceAll('\n', '')).not.toMatch(ACTS);
  });
});

test('JSON that is printed means the same', () => {
  always(fc.jsonValue({ maxDepth: 3 }), (value) =>
    expect(JSON.parse(printableJson(value))).toEqual(JSON.parse(JSON.stringify(value))),
  );
  always(text, (said) => expect(JSON.parse(printableJson([said]))).toEqual([said]));
});

test('an event in the log of the privileged side is one line of printable ASCII that means the same', () => {
  always(
    fc.dictionary(text, fc.oneof(text, fc.jsonValue({ maxDepth: 2 })), { noNullPrototype: true }),
    (facts) => {
      const line = asciiJson(facts);
      expect(line).toMatch(/^[ -~]*$/);
      expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(facts)));
    },
  );
});

async function read(stream: string, size: number): Promise<ServerEvent[]> {
  async function* pieces(): AsyncGenerator<string> {
    for (let at = 0; at < stream.length; at += size) yield await Promise.resolve(stream.slice(at, at + size));
  }
  const events: ServerEvent[] = [];
  for await (const event of parseEvents(pieces())) events.push(event);
  return events;
}

const noise = fc
  .array(
    fc.oneof(
      hostileText,
      fc.constantFrom('data:', 'event:', ': ', '\n\n', '\r', '\r\n', '\n', 'id', 'retry: 1'),
    ),
    { maxLength: 15 },
  )
  .map((parts) => parts.join(''));

test('a stream of events is read alike however it is cut, and never with more than it held', async () => {
  await alwaysInTime(fc.tuple(noise, fc.integer({ min: 1, max: 9 })), async ([stream, size]) => {
    const events = await read(stream, size);
    expect(events).toEqual(await read(stream, stream.length + 1));
    const length = events.reduce((sum, { data }) => sum + data.length, 0);
    expect(length).toBeLessThanOrEqual(stream.length);
  });
});

test('what was sent as events is read as them, whatever ends its lines', async () => {
  const word = fc.stringMatching(/^[^\r\n ][^\r\n]{0,8}$/u);
  const sent = fc.array(fc.tuple(word, fc.array(word, { minLength: 1, maxLength: 3 })), { maxLength: 4 });
  const end = fc.constantFrom('\n', '\r\n');
  await alwaysInTime(fc.tuple(sent, end, fc.integer({ min: 1, max: 9 })), async ([events, feed, size]) => {
    const lines = events.flatMap(([event, data]) => [
      `event: ${event}`,
      ...data.map((line) => `data: ${line}`),
      '',
    ]);
    const got = await read(lines.map((line) => line + feed).join(''), size);
    expect(got).toEqual(events.map(([event, data]) => ({ event, data: data.join('\n') })));
  });
});
