import { FailureError } from '../../../contract/failures.ts';
import { because } from './because.ts';
import { CommandError, type Commands } from './command.ts';

/** Runs statements of ours as MariaDB's root, until the first that fails; answers what they print, a line a row. */
export type RootSql = (statements: string) => Promise<string>;

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly socketPath: string;
  /** For statements that take longer than most. */
  readonly timeoutMs?: number;
};

/** MariaDB knows root by the socket; no option file is read, whoever wrote it. */
export function rootLogin(socketPath: string): readonly string[] {
  return ['--no-defaults', '--protocol=socket', `--socket=${socketPath}`, '--user=root'];
}

/** No statement stands in an argument list. */
export function createRootSql({ commands, socketPath, timeoutMs }: Tools): RootSql {
  const args = [
    ...rootLogin(socketPath),
    '--connect-timeout=10',
    '--default-character-set=utf8mb4',
    // A row is JSON, which needs no escaping of the client's own.
    ...['--batch', '--raw', '--skip-column-names'],
  ];
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  return (statements) =>
    commands
      .run({ file: '/usr/bin/mariadb', args, stdin: `${statements}\n`, ...limit })
      .catch((cause: unknown) => {
        throw cause instanceof CommandError ? because(cause, unavailable()) : cause;
      });
}

function unavailable(): FailureError {
  return new FailureError(
    'database_unavailable',
    'The database server could not be asked.',
    'Look at MariaDB on the server, then ask again: what was done already is not done twice.',
  );
}
