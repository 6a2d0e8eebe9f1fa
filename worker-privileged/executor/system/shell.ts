// Root looks into a tenant's database: with the real client, and not as root of MariaDB, where a function that stands in a
// tenant's view would run with root's rights. The account that it logs in as is made for this once, has rights on this one
// database, and defines nothing there that would be without its definer afterwards. The client knows no command but SQL
// and DELIMITER (--binary-mode), starts no program and opens no file (--sandbox, --local-infile=0), does not read the
// names of tables ahead, and runs as a number which is no user of the server. What it prints goes to the terminal by
// way of who asked, who lets no control character through.
import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import type { PasswordHash } from '../../../contract/databases.ts';
import type { DatabaseId } from '../../../contract/ids.ts';
import { DatabaseName } from '../../../contract/names.ts';
import { CommandError } from './command.ts';
import type { DoorSql } from './door-sql.ts';
import type { LentClient } from './lent-client.ts';
import { newPassword } from './passwords.ts';

/** One that was forgotten ends by itself. */
const LIMIT_MS = 12 * 3_600_000;

/** Where the client reads from and writes to. */
export type Talk = {
  readonly feed: (input: Writable) => Promise<void>;
  readonly show: (output: Readable) => Promise<void>;
  readonly complain: (errors: Readable) => Promise<void>;
  /** A person types: a mistake is no end. */
  readonly interactive: boolean;
};

type Tools = { readonly client: LentClient; readonly hashOf: (password: string) => PasswordHash } & Pick<
  DoorSql,
  'call'
>;

type Opened = { readonly id: DatabaseId; readonly name: DatabaseName };

/** False where a statement was refused and nobody was there to try another. */
export function createShell({ client, call, hashOf }: Tools) {
  return async ({ id, name }: Opened, talk: Talk): Promise<boolean> => {
    const account = `sculptor-shell-${id}-${randomBytes(2).toString('hex')}`;
    const password = newPassword();
    await call('open_shell', [id, account, hashOf(password)]);
    try {
      await client({ account, password }, commandFor(name, talk));
      return true;
    } catch (cause) {
      if (!(cause instanceof CommandError) || cause.exitCode !== 1) throw cause;
      return talk.interactive;
    } finally {
      await call('close_shell', [account]);
    }
  };
}

function commandFor(name: DatabaseName, { feed, show, complain, interactive }: Talk) {
  return {
    file: '/usr/bin/mariadb',
    args: [
      '--binary-mode',
      '--sandbox',
      '--local-infile=0',
      '--no-auto-rehash',
      '--skip-reconnect',
      '--unbuffered',
      '--connect-timeout=10',
      '--default-character-set=utf8mb4',
      ...(interactive ? ['--table', '--force'] : ['--batch']),
      `--database=${DatabaseName.parse(name)}`,
    ],
    timeoutMs: LIMIT_MS,
    ...{ feed, drain: show, drainErrors: complain },
  } as const;
}
