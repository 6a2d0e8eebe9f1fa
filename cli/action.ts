import { InvalidArgumentError, type Command } from 'commander';
import type { GlobalOptions, OpenSession, Session } from './session.ts';

/** What a command does: with the API and the terminal, the words that were typed, and its own options. */
export type Act<O> = (session: Session, words: Words, options: O) => Promise<void>;

/** Commander has seen to it that the words a command asks for are there. */
export type Words = readonly [string, string, string, ...string[]];

/** Opens the session when the command runs, not before: `--help` needs none. */
export function action<O = unknown>(open: OpenSession, act: Act<O>): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    await act(
      open(command.optsWithGlobals<GlobalOptions>()),
      command.args as unknown as Words,
      command.opts<object>() as O,
    );
  };
}

/** The API's document as it is for programs, lines made of it for people. */
export function present(session: Session, document: unknown, lines: () => readonly string[]): void {
  if (session.json) session.terminal.json(document);
  else lines().forEach((line) => session.terminal.line(line));
}

/** An option that is a number of things. */
export function count(text: string): number {
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new InvalidArgumentError('A number from 1 to 999999 is wanted.');
  return Number(text);
}

/** An option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** The fields that were given; what was not is not there at all. */
export function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
