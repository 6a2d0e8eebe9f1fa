import type { PasswordHash, Privileges } from './databases.ts';
import type { DatabaseName, DatabaseUserName } from './names.ts';

/** An account as it should stand in MariaDB. */
export interface Account {
  readonly name: DatabaseUserName;
  readonly database: DatabaseName;
  readonly privileges: Privileges;
  readonly passwordHash: PasswordHash;
  /** Connections at once; null for as many as any account of its database may have. */
  readonly maxConnections: number | null;
}

export const PRIVILEGES: Readonly<Record<Privileges, readonly string[]>> = {
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
  /** Nobody logs in as it. That is for its database to say, and neither right nor wrong here. */
  readonly locked: boolean;
}

/**
 * Compares an account with what the door's `read_user` says of it: how many connections it may have at most, what
 * `SHOW CREATE USER` printed, and the lines of `SHOW GRANTS`. Rights are right when it may have as many connections as
 * it should and logs in by a password and nothing else, and when there is one line for the server, with no right in
 * it, and one for its own database, `_` escaped so that it stands for itself, and not a word beyond.
 */
export function compareGrants(account: Account, lines: readonly string[]): Comparison {
  const [cap = '', created = '', global = '', own = '', ...more] = lines;
  const user = `\`${account.name}\`@\`localhost\``;
  const login = LOGIN.exec(after(created, `CREATE USER ${user}`));
  const usage = USAGE.exec(after(global, `GRANT USAGE ON *.* TO ${user}`));
  const most = String(Math.min(account.maxConnections ?? Infinity, Number(cap)));
  return {
    rights: more.length === 0 && login?.[2] === most && usage?.[2] === most && isOwn(own, account, user),
    password: login?.[1] === account.passwordHash && usage?.[1] === account.passwordHash,
    locked: login?.[3] !== undefined,
  };
}

const HASH_AND_CONNECTIONS =
  "(?: IDENTIFIED BY PASSWORD '(\\*[0-9A-F]{40})')? WITH MAX_USER_CONNECTIONS ([1-9][0-9]*)";
const LOGIN = new RegExp(`^${HASH_AND_CONNECTIONS}( ACCOUNT LOCK)?$`);
const USAGE = new RegExp(`^${HASH_AND_CONNECTIONS}$`);

/** What stands behind `beginning`; where it does not begin so, nothing that could be right. */
function after(line: string, beginning: string): string {
  return line.startsWith(beginning) ? line.slice(beginning.length) : 'no';
}

function isOwn(line: string, { database, privileges }: Account, user: string): boolean {
  const tail = ` ON \`${database.replaceAll('_', '\\_')}\`.* TO ${user}`;
  if (!line.startsWith('GRANT ') || !line.endsWith(tail)) return false;
  const shown = line.slice('GRANT '.length, -tail.length).split(', ');
  return shown.sort().join() === [...PRIVILEGES[privileges]].sort().join();
}
