import { PassThrough } from 'node:stream';
import type { Link } from '../../worker-privileged/executor-calls.ts';

interface Request {
  readonly request: string;
  readonly operation: string | null;
  readonly verb: string;
  readonly args: unknown;
}

/** A link whose other end the test holds. */
export interface FakeLink extends Link {
  readonly input: PassThrough;
  readonly output: PassThrough;
  /** The requests written so far. */
  readonly requests: () => Request[];
  readonly say: (answer: unknown) => void;
  readonly isClosed: () => boolean;
}

export function createFakeLink(): FakeLink {
  const input = new PassThrough();
  const output = new PassThrough();
  let written = '';
  let closed = false;
  input.on('data', (chunk: Buffer) => (written += chunk.toString()));
  return {
    input,
    output,
    close: () => (closed = true),
    isClosed: () => closed,
    requests: () =>
      written
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Request),
    say: (answer) => output.write(`${typeof answer === 'string' ? answer : JSON.stringify(answer)}\n`),
  };
}
