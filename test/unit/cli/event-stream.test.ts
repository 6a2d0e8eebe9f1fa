import { parseEvents, type ServerEvent } from '../../../cli/event-stream.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) {
    await Promise.resolve();
    yield text.slice(at, at + size);
  }
}

async function parse(text: string, size: number): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of parseEvents(inPieces(text, size))) events.push(event);
  return events;
}

const STORY = [
  [': a comment\n\nevent: operation\ndata: {"a":1}\n\n', [{ event: 'operation', data: '{"a":1}' }]],
  ['data: one\ndata: two\n\n', [{ event: 'message', data: 'one\ntwo' }]],
  ['event: x\r\ndata: crlf\r\n\r\n', [{ event: 'x', data: 'crlf' }]],
  ['event:x\rdata:cr\r\rdata: y\r\r', [{ event: 'x', data: 'cr' }]],
  ['event: only a name\n\n', []],
  ['data: the stream ends in the middle\n', []],
  [
    'id: 7\nretry: 10\nnonsense\ndata: known fields count\n\n',
    [{ event: 'message', data: 'known fields count' }],
  ],
] as const;

describe.each([1, 2, 3, 7, 1000])('in pieces of %i characters', (size) => {
  test.each(STORY)('reads %j', async (text, events) => {
    const read = await parse(text, size);
    // A CR that ends the stream may have been half of a CR LF: that last event is not given.
    expect(read).toEqual(events);
  });
});

test('an event without an end is refused, not kept for ever', async () => {
  const piece = 'x'.repeat(1024 * 1024);
  async function* endless(): AsyncGenerator<string> {
    for (;;) {
      await Promise.resolve();
      yield piece;
    }
  }
  await expect(parseEvents(endless()).next()).rejects.toThrow('too long');
});
