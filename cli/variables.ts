import { UsageError } from './errors.ts';

/** What was given by `--env NAME=VALUE`, once or several times; undefined where it was not. */
export function variables(words: readonly string[] | undefined): Record<string, string> | undefined {
  return words === undefined ? undefined : Object.fromEntries(words.map(variable));
}

function variable(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--env ${text} is not NAME=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}
