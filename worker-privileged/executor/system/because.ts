import type { FailureError } from '../../../contract/failures.ts';

/** Keeps what happened beside what a person is told: the one goes to the log, the other to the caller. */
export function because(cause: unknown, failure: FailureError): FailureError {
  failure.cause = cause;
  return failure;
}
