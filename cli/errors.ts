import type { Operation, Problem } from './answers.ts';

/** `sculptorctl` was used wrongly: exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The API said no. `document` is its answer as it came, for `--json`. */
export class RefusedError extends Error {
  readonly problem: Problem;
  readonly document: unknown;

  constructor(problem: Problem, document: unknown) {
    super(problem.title);
    this.name = 'RefusedError';
    this.problem = problem;
    this.document = document;
  }
}

/** The operation was accepted and did not end as it was asked. */
export class OperationError extends Error {
  readonly operation: Operation;

  constructor(operation: Operation) {
    super(`${operation.kind} ${operation.resource.name}: ${operation.status}`);
    this.name = 'OperationError';
    this.operation = operation;
  }
}

/** A command was run as a site, and ended so: what it said has been shown, and there is no more to say. */
export class ProgramEndedError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`the command ended with ${exitCode}`);
    this.name = 'ProgramEndedError';
    this.exitCode = exitCode;
  }
}

/** The API could not be reached, or broke off. `retry` says whether asking again could help. */
export class ConnectionError extends Error {
  readonly hint: string;
  readonly retry: boolean;

  constructor(message: string, hint: string, retry: boolean) {
    super(message);
    this.name = 'ConnectionError';
    this.hint = hint;
    this.retry = retry;
  }
}

/** The code of an error of the system, such as ENOENT; `unknown` where it has none. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
}

/** The agent answers, and says of itself that it cannot work. */
export class NotReadyError extends Error {
  constructor() {
    super('The agent is not ready.');
    this.name = 'NotReadyError';
  }
}
