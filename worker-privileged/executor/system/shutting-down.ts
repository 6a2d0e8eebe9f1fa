import { FailureError } from '../../../contract/failures.ts';
import { because } from './because.ts';
import { CommandError } from './command.ts';

/** What systemctl ends with where systemd does not take a job that it knows: it stops everything by now. */
const NOT_TAKEN = 4;

/** The same failure; to be tried again, where it came of the server's going down, whatever was made of that. */
export function namedWhereShuttingDown(failure: unknown): unknown {
  for (let cause = failure; cause instanceof Error; cause = cause.cause)
    if (cause instanceof CommandError && cause.file === '/usr/bin/systemctl' && cause.exitCode === NOT_TAKEN)
      return because(failure, goesDown());
  return failure;
}

function goesDown(): FailureError {
  return new FailureError(
    'executor_unavailable',
    'The server is shutting down, and systemd starts and stops nothing else meanwhile.',
    'It goes on by itself when the server is up again.',
  );
}
