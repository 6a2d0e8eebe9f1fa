import { CommanderError } from 'commander';
import type { Operation, Problem } from './answers.ts';
import { ConnectionError, OperationError, ProgramEndedError, RefusedError, UsageError } from './errors.ts';
import { createProgram } from './program.ts';
import type { OpenSession } from './session.ts';
import type { Terminal } from './terminal.ts';

export type Run = {
  /** What the person typed, without the program's own name. */
  readonly words: readonly string[];
  readonly terminal: Terminal;
  readonly open: OpenSession;
};

/** Runs one command to its end. Returns the exit code: 0 done, 1 refused or failed, 2 used wrongly, or a site's command's own. */
export async function run({ words, terminal, open }: Run): Promise<number> {
  let json = false;
  const remember: OpenSession = (options) => {
    json = options.json === true;
    return open(options);
  };
  try {
    await createProgram(terminal, remember).parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    return explain(error, terminal, json);
  }
}

function explain(error: unknown, terminal: Terminal, json: boolean): number {
  // Commander has written its sentence, or the help that was asked for, by itself.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ProgramEndedError) return error.exitCode;
  const lines = describe(error);
  if (json && error instanceof RefusedError) terminal.json(error.document);
  lines.filter((line) => line !== '').forEach((line) => terminal.error(line));
  return error instanceof UsageError ? 2 : 1;
}

function describe(error: unknown): readonly string[] {
  if (error instanceof UsageError) return [`sculptorctl: ${error.message}`];
  if (error instanceof ConnectionError) return [`sculptorctl: ${error.message}`, error.hint];
  if (error instanceof RefusedError) return describeProblem(error.problem);
  if (error instanceof OperationError) return describeEnd(error.operation);
  return [`sculptorctl: ${error instanceof Error ? error.message : String(error)}`];
}

function describeEnd({ error, status, kind, resource }: Operation): readonly string[] {
  if (error) return [`${error.code}: ${error.message}`, error.hint];
  if (status === 'superseded') return ['A newer operation on the same resource took its place.'];
  if (status === 'succeeded') return ['It had begun already, and could not be cancelled.'];
  return [`${kind} ${resource.name}: ${status}`];
}

function describeProblem({ title, detail, errors = [], hint = '' }: Problem): readonly string[] {
  const fields = errors.map(
    ({ field, message, expected }) => `  ${field}: ${message} (expected: ${expected})`,
  );
  return [title, detail === title ? '' : detail, ...fields, hint];
}
