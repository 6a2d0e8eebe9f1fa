import type { PasswordHash, Privileges } from '../contract/databases.ts';
import type { DatabaseName, DatabaseUserName } from '../contract/names.ts';

/** An account as it should stand in MariaDB. */
export interface Account {
  readonly name: DatabaseUserName;
  readonly database: DatabaseName;
  readonly privileges: Privileges;
  readonly passwordHash: PasswordHash;
}

const PRIVILEGES: Readonly<Record<Privileges, readonly string[]>> = {
  read: ['SELECT', 'SHOW VIEW'],
  all: [
    'SELECT',
    'INSERT',
    'UPDATE',
    'DELETE',
    'CREATE',
    'DROP',
    'REFERENCES',
    'INDEX',
    'ALTER',
    'CREATE TEMPORARY TABLES',
    'LOCK TABLES',
    'EXECUTE',
    'CREATE VIEW',
    'SHOW VIEW',
    'CREATE ROUTINE',
    'ALTER ROUTINE',
    'EVENT',
    'TRIGGER',
  ],
};

export interface Comparison {
  readonly rights: boolean;
  readonly password: boolean;
}

/**
 * Compares an account with the lines `SHOW GRANTS` printed for it. Rights are right when there is one line for
 * the server, which allows nothing, and one for its own database, `_` escaped so that it stands for itself, and
 * not a word beyond.
 */
export function compareGrants(account: Account, lines: readonly string[]): Comparison {
  const [global = '', own = '', ...more] = lines;
  const user = `\`${account.name}\`@\`localhost\``;
  const password = ` IDENTIFIED BY PASSWORD '${account.passwordHash}'`;
  const nothing = `GRANT USAGE ON *.* TO ${user}`;
  const globalIsRight = global.startsWith(nothing) && ANY_PASSWORD.test(global.slice(nothing.length));
  return {
    rights: more.length === 0 && globalIsRight && isOwn(own, account, user),
    password: global === nothing + password,
  };
}

const ANY_PASSWORD = /^(?: IDENTIFIED BY PASSWORD '\*[0-9A-F]{40}')?$/;

function isOwn(line: string, { database, privileges }: Account, user: string): boolean {
  const tail = ` ON \`${database.replaceAll('_', '\\_')}\`.* TO ${user}`;
  if (!line.startsWith('GRANT ') || !line.endsWith(tail)) return false;
  const shown = line.slice('GRANT '.length, -tail.length).split(', ');
  return shown.sort().join() === [...PRIVILEGES[privileges]].sort().join();
}
