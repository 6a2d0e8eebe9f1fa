import type { IncomingMessage } from 'node:http';
import { MailRefusedError, refuse } from './refusal.ts';

/** What a part takes beside its octets, of which it may have one. */
const PART_OCTETS = 512;
/** From a program on this server that has the whole of it already. */
export const BODY_MS = 10_000;

export type Body = {
  readonly length: number;
  /** Told of what has come, before it is kept; throws where there is no room. */
  readonly hold: (octets: number) => void;
  readonly bodyMs: number;
};

/** The whole of a request's body, which has said how long it is. Half a message is none. */
export async function bodyOf(request: IncomingMessage, { length, hold, bodyMs }: Body): Promise<Buffer> {
  const parts: Buffer[] = [];
  const late = setTimeout(() => request.destroy(), bodyMs);
  try {
    // Not destroyed where it is refused midway: that is still to be said.
    for await (const part of request.iterator({ destroyOnReturn: false })) {
      hold((part as Buffer).length + PART_OCTETS);
      parts.push(part as Buffer);
    }
  } catch (cause) {
    if (cause instanceof MailRefusedError) throw cause;
    refuse('The message was cut off.');
  } finally {
    clearTimeout(late);
  }
  const body = Buffer.concat(parts);
  if (body.length !== length) refuse('The message was cut off.');
  return body;
}

export function lengthOf({ method, headers }: IncomingMessage, most: number): number {
  const length = Number(headers['content-length'] ?? Number.NaN);
  if (method !== 'POST' || !Number.isSafeInteger(length))
    refuse('This is no message: it wants a POST with a length.');
  if (length > most) throw new MailRefusedError(413, `The message has more than ${most / 2 ** 20} MiB.`);
  return length;
}
