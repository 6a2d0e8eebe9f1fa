import { toFailure, type Failure } from '../contract/failures.ts';
import { isUnavailable } from '../state/connection.ts';

const TRANSIENT: ReadonlySet<string> = new Set([
  'executor_unavailable',
  'database_unavailable',
  'acme_unreachable',
]);

/** What is worth another try by itself: something that it needs was away. */
export function mayPass(error: unknown): boolean {
  return TRANSIENT.has(failureOf(error).code);
}

export function failureOf(error: unknown): Failure {
  if (!isUnavailable(error)) return toFailure(error);
  return {
    code: 'database_unavailable',
    message: 'The database server could not be reached.',
    hint: 'It was tried several times. See that MariaDB runs, and ask again.',
  };
}
