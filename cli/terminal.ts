import { printable, printableJson, printableLines } from './printable.ts';

/**
 * The only way to the person's terminal. Every line is neutralised here, so that no caller can forget: a line
 * is one line, and nothing in it moves the cursor or changes a title.
 */
export type Terminal = {
  /** One line on standard output. */
  readonly line: (text: string) => void;
  /** One line on standard error. */
  readonly error: (text: string) => void;
  /** One JSON document on standard output. */
  readonly json: (document: unknown) => void;
  /** Text with lines of our own, for help pages. */
  readonly text: (stream: 'out' | 'err', text: string) => void;
  /** What stands on standard input, for the few commands that want it. */
  readonly input: () => Promise<string>;
};

export type Streams = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly input?: () => Promise<string>;
};

export function createTerminal(streams: Streams): Terminal {
  return {
    line: (text) => streams.out(`${printable(text)}\n`),
    error: (text) => streams.err(`${printable(text)}\n`),
    json: (document) => streams.out(`${printableJson(document)}\n`),
    text: (stream, text) => streams[stream](printableLines(text)),
    input: streams.input ?? (() => Promise.resolve('')),
  };
}
