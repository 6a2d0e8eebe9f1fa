import type { PasswordHash, Privileges } from './databases.ts';
import type { DatabaseName, DatabaseUserName } from './names.ts';

/** An account as it should stand in the database server. */
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
 * Compares an account with what the door's `read_user` says of it: how many connections it is to have, and how many were
 * asked for where some were; what `SHOW CREATE USER` printed, and the lines of `SHOW GRANTS`. Rights are right when it may have as many connections as
 * it should and logs in by a password and nothing else, and when there is one line for the server, with no right in
 * it, and one for its own database, `_` escaped so that it stands for itself, and not a word beyond.
 */
export function compareGrants(account: Account, lines: readonly string[]): Comparison {
  const [connections = '', created = '', global = '', own = '', ...more] = lines;
  const user = `\`${account.name}\`@\`localhost\``;
  const read = isMysqls(account) ? readMysqls : readMariadbs;
  const shown = read(after(created, `CREATE USER ${user}`), after(global, `GRANT USAGE ON *.* TO ${user}`));
  const [most, asked] = connections.split(' ');
  const asAsked = asked === account.maxConnections?.toString();
  return {
    rights: more.length === 0 && asAsked && shown?.most === most && isOwn(own, account, user),
    password: shown?.hash === account.passwordHash,
    locked: shown?.locked === true,
  };
}

/** What it logs in by says which server it is for. */
function isMysqls({ passwordHash }: Account): boolean {
  return passwordHash.startsWith('$');
}

/** How an account logs in; undefined where it is in any other way than by a password. */
type Shown = {
  readonly hash: string | undefined;
  readonly most: string | undefined;
  readonly locked: boolean;
};

const HASH_AND_CONNECTIONS =
  "(?: IDENTIFIED BY PASSWORD '(\\*[0-9A-F]{40})')? WITH MAX_USER_CONNECTIONS ([1-9][0-9]*)";
const MARIADBS_LOGIN = new RegExp(`^${HASH_AND_CONNECTIONS}( ACCOUNT LOCK)?$`);
const MARIADBS_USAGE = new RegExp(`^${HASH_AND_CONNECTIONS}$`);

/** MariaDB says it in both. */
function readMariadbs(created: string, global: string): Shown | undefined {
  const login = MARIADBS_LOGIN.exec(created);
  const usage = MARIADBS_USAGE.exec(global);
  const same = (at: number) => (login?.[at] === usage?.[at] ? login?.[at] : undefined);
  return { hash: same(1), most: same(2), locked: login?.[3] !== undefined };
}

const MYSQLS_LOGIN =
  /^ IDENTIFIED WITH 'caching_sha2_password' AS '([^']*)' REQUIRE NONE WITH MAX_USER_CONNECTIONS ([1-9][0-9]*) PASSWORD EXPIRE DEFAULT ACCOUNT (LOCK|UNLOCK)(?: PASSWORD (?:HISTORY|REUSE INTERVAL|REQUIRE CURRENT) DEFAULT)*$/;

/** MySQL says it in the first alone. */
function readMysqls(created: string, global: string): Shown | undefined {
  const login = MYSQLS_LOGIN.exec(created);
  if (login === null || global !== '') return undefined;
  return { hash: login[1], most: login[2], locked: login[3] === 'LOCK' };
}

/** What stands behind `beginning`; where it does not begin so, nothing that could be right. */
function after(line: string, beginning: string): string {
  return line.startsWith(beginning) ? line.slice(beginning.length) : 'no';
}

/** All rights on one database, which are the 18 that are given, MySQL prints as ALL PRIVILEGES. */
function isOwn(line: string, account: Account, user: string): boolean {
  const { database, privileges } = account;
  const tail = ` ON \`${database.replaceAll('_', '\\_')}\`.* TO ${user}`;
  if (!line.startsWith('GRANT ') || !line.endsWith(tail)) return false;
  const shown = line.slice('GRANT '.length, -tail.length).split(', ');
  if (isMysqls(account) && shown.join() === 'ALL PRIVILEGES') return privileges === 'all';
  return shown.sort().join() === [...PRIVILEGES[privileges]].sort().join();
}
