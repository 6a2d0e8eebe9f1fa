import { ConnectionError } from './errors.ts';

/** No answer of the API comes near this; what is longer is not one. */
const MAX_EVENT_LENGTH = 4 * 1024 * 1024;

export type ServerEvent = { readonly event: string; readonly data: string };

/**
 * Server-sent events out of a stream of text, however it was cut. Comments are passed over; an event that the
 * stream ends in is not given, as the standard says.
 */
export async function* parseEvents(chunks: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let lines: string[] = [];
  for await (const line of splitLines(chunks)) {
    if (line !== '') {
      lines.push(line);
      continue;
    }
    const event = readEvent(lines);
    lines = [];
    if (event) yield event;
  }
}

async function* splitLines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    rest += chunk;
    if (rest.length > MAX_EVENT_LENGTH)
      throw new ConnectionError('The stream of events holds one that is too long', '', false);
    // A CR at the very end may be half of a CR LF: it waits for the next chunk.
    const held = rest.endsWith('\r') ? '\r' : '';
    const lines = rest.slice(0, rest.length - held.length).split(/\r\n|\n|\r/);
    rest = `${lines.pop() ?? ''}${held}`;
    yield* lines;
  }
}

function readEvent(lines: readonly string[]): ServerEvent | undefined {
  const fields = lines.map(readField);
  const data = fields.filter(([name]) => name === 'data').map(([, value]) => value);
  if (data.length === 0) return undefined;
  const event = fields.findLast(([name]) => name === 'event')?.[1];
  return { event: event ?? 'message', data: data.join('\n') };
}

function readField(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  if (colon === -1) return [line, ''];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}
