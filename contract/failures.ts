import { z } from 'zod';

/** The few codes that cross the queue; everything else is `internal` and its cause stays in the log. */
export const FailureCode = z.enum([
  'name_taken', // another resource, or something that was there before us, holds the name
  'not_ours', // it exists on the server and is not in the registry: never adopted
  'not_found', // the resource is not, or no longer, on this server
  'not_ready', // what it depends on (the database of a user) is not there
  'php_version_missing', // no such php-fpm is installed
  'collation_missing', // the database server has no such character set or collation
  'uids_exhausted', // the range of site users is used up
  'config_refused', // the tool's own checker refused what was rendered; the old file is back
  'not_live', // it was made, and the page or the account did not answer as it should
  'mismatch', // read back, the server shows something else than was written
  'database_unavailable', // MariaDB could not be reached
  'executor_unavailable', // the privileged side could not be reached or broke off
  'server_full', // too little of the disk, inodes, memory or connections is left: nothing was begun
  'server_broken', // something that is not ours stops a tool from working, for instance a foreign nginx file
  'invalid_request', // the privileged side refused the request: not in its table, or not in its schema
  'limit_reached', // as much was removed, or let in, in an hour as may be: it waits until there is room
  'plan_limit', // the tenant has as many as its plan allows
  'protected', // it is protected, which only root on the server can clear
  'broken_off', // what was running is gone, and nobody can say how it ended: it is not started a second time
  'acme_unconfigured', // root has not said which authority gives certificates
  'acme_refused', // the authority gives no certificate for any of the names
  'acme_rate_limited', // the authority gives no more of them for now
  'acme_limit', // this server has asked the authority as often as it does: it says from when on it asks again
  'acme_unreachable', // the authority could not be reached, or broke off
  'certificate_kept', // what there is to serve instead would be worse: the former one stays
  'not_due', // it lies in the trash, and its time there is not over
  'internal',
]);
export type FailureCode = z.infer<typeof FailureCode>;

/** What a person is told: a sentence, and what to do. Never a secret, never a stack. */
export const Failure = z.strictObject({
  code: FailureCode,
  message: z.string().max(500),
  hint: z.string().max(500),
});
export type Failure = z.infer<typeof Failure>;

/** Thrown by whoever finds a failure that a person should see; read by `toFailure`. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(code: FailureCode, message: string, hint: string) {
    super(message);
    this.name = 'FailureError';
    this.failure = { code, message: clip(message), hint: clip(hint) };
  }
}

/** The other end: any error becomes a failure that may be shown. */
export function toFailure(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  return {
    code: 'internal',
    message: 'The server could not finish this operation.',
    hint: "Ask again; if it fails the same way, the server's administrator finds the cause in the worker's log.",
  };
}

function clip(text: string): string {
  return text.length > 500 ? `${text.slice(0, 499)}…` : text;
}
