import type { PasswordHash, Privileges } from './databases.ts';
import type { DatabaseName, DatabaseUserName } from './names.ts';

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
 * the server, which allows so many connections and nothing else, and one for its own database, `_` escaped so that it
 * stands for itself, and not a word beyond.
 */
export function compareGrants(account: Account, lines: readonly string[]): Comparison {
  const [global = '', own = '', ...more] = lines;
  const user = `\`${account.name}\`@\`localhost\``;
  const nothing = `GRANT USAGE ON *.* TO ${user}`;
  const end = global.startsWith(nothing) ? GLOBAL.exec(global.slice(nothing.length)) : null;
  return {
    rights: more.length === 0 && end !== null && isOwn(own, account, user),
    password: end?.[1] === account.passwordHash,
  };
}

const GLOBAL = /^(?: IDENTIFIED BY PASSWORD '(\*[0-9A-F]{40})')? WITH MAX_USER_CONNECTIONS [1-9][0-9]*$/;

function isOwn(line: string, { database, privileges }: Account, user: string): boolean {
  const tail = ` ON \`${database.replaceAll('_', '\\_')}\`.* TO ${user}`;
  if (!line.startsWith('GRANT ') || !line.endsWith(tail)) return false;
  const shown = line.slice('GRANT '.length, -tail.length).split(', ');
  return shown.sort().join() === [...PRIVILEGES[privileges]].sort().join();
}
