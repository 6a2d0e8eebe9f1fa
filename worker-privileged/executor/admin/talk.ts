import { clearLine, createInterface, cursorTo } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Talk } from '../system/shell.ts';
import { visibleLines } from './visible.ts';

/** Root's own terminal, or what stands in its place. */
export type Terminal = {
  readonly input: Readable;
  readonly output: Writable;
  readonly errors: Writable;
  /** Both are a terminal: a person types, and sees. */
  readonly interactive: boolean;
};

const END = /^\s*(?:exit|quit|\\q)\s*;?\s*$/i;

/** What is typed goes to a program line by line, and what it prints comes back as lines that any terminal shows as they are. */
export function talkOver(terminal: Terminal, prompt: string): Talk {
  return terminal.interactive ? typed(terminal, prompt) : piped(terminal);
}

function piped({ input, output, errors }: Terminal): Talk {
  return {
    interactive: false,
    feed: (to) => pipeline(input, to),
    show: (from) => printed(from, (text) => void output.write(text)),
    complain: (from) => printed(from, (text) => void errors.write(text)),
  };
}

function typed({ input, output }: Terminal, prompt: string): Talk {
  let again: () => void = () => undefined;
  // What comes while a line is being typed stands above it.
  const print = (text: string) => {
    clearLine(output, 0);
    cursorTo(output, 0);
    output.write(text);
    again();
  };
  const show = (from: Readable) => printed(from, print);
  return {
    interactive: true,
    feed: (to) =>
      new Promise((resolve) => {
        const lines = createInterface({ input, output, terminal: true, prompt });
        again = () => lines.prompt(true);
        lines.on('line', (line) => {
          if (END.test(line)) {
            lines.close();
            return;
          }
          to.write(`${line}\n`);
          lines.prompt();
        });
        lines.on('SIGINT', () => lines.close());
        lines.on('close', () => {
          again = () => undefined;
          to.end();
          resolve();
        });
        to.on('close', () => lines.close());
        lines.prompt();
      }),
    show,
    complain: show,
  };
}

async function printed(from: Readable, print: (text: string) => void): Promise<void> {
  from.setEncoding('utf8');
  for await (const chunk of from as AsyncIterable<string>) print(visibleLines(chunk));
}
