import { TextDecoder } from 'node:util';
import { MAX_REQUEST_BYTES } from '../../../contract/executor.ts';

/** Cuts bytes into lines. Throws BrokenLineError, after which it must not be used. */
export type LineReader = {
  readonly push: (chunk: Buffer, take: (line: string) => void) => void;
  readonly end: () => void;
};

/** A line that cannot be a request; where the next one begins nobody knows. */
export class BrokenLineError extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'BrokenLineError';
  }
}

const LINE_FEED = 0x0a;

export function createLineReader(): LineReader {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let parts: Buffer[] = [];
  let size = 0;

  const add = (part: Buffer) => {
    size += part.length;
    if (size > MAX_REQUEST_BYTES) throw new BrokenLineError('a line is too long');
    parts.push(part);
  };
  const whole = () => {
    const bytes = Buffer.concat(parts);
    parts = [];
    size = 0;
    try {
      return decoder.decode(bytes);
    } catch {
      throw new BrokenLineError('a line is not UTF-8');
    }
  };

  return {
    push: (chunk, take) => {
      let from = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
        add(chunk.subarray(from, end));
        take(whole());
        from = end + 1;
      }
      add(chunk.subarray(from));
    },
    end: () => {
      if (size > 0) throw new BrokenLineError('the last line breaks off');
    },
  };
}
