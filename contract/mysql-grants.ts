import { z } from 'zod';
import { PRIVILEGES } from './grants.ts';
import type { Account, Comparison } from './grants.ts';

// What is another with MySQL 8.4: see docs/adr/0017-mysql-by-the-same-interface.md, which says that no server of it was
// there to try this on, and that nothing makes use of it before one was.

/** `caching_sha2_password`'s: 20 characters of salt and 43 of SHA-256, in the alphabet of crypt. */
export const CachingSha2Hash = z
  .string()
  .regex(/^\$A\$005\$[./0-9A-Za-z]{63}$/, 'a caching_sha2_password hash')
  .brand<'CachingSha2Hash'>();
export type CachingSha2Hash = z.infer<typeof CachingSha2Hash>;

export type MysqlAccount = Omit<Account, 'passwordHash'> & { readonly passwordHash: CachingSha2Hash };

/**
 * The same as `compareGrants` for what MySQL prints: how an account logs in, its limits and its lock are in
 * `SHOW CREATE USER` alone, and all rights on one database, which are the 18 that are given, are printed as ALL PRIVILEGES.
 */
export function compareMysqlGrants(account: MysqlAccount, lines: readonly string[]): Comparison {
  const [cap = '', created = '', global = '', own = '', ...more] = lines;
  const user = `\`${account.name}\`@\`localhost\``;
  const start = `CREATE USER ${user} `;
  const login = created.startsWith(start) ? LOGIN.exec(created.slice(start.length)) : null;
  const most = String(Math.min(account.maxConnections ?? Infinity, Number(cap)));
  const usage = global === `GRANT USAGE ON *.* TO ${user}`;
  return {
    rights: more.length === 0 && login?.[2] === most && usage && isOwn(own, account, user),
    password: login?.[1] === account.passwordHash,
    locked: login?.[3] === 'LOCK',
  };
}

const LOGIN =
  /^IDENTIFIED WITH 'caching_sha2_password' AS '([^']*)' REQUIRE NONE WITH MAX_USER_CONNECTIONS ([1-9][0-9]*) PASSWORD EXPIRE DEFAULT ACCOUNT (LOCK|UNLOCK)(?: PASSWORD (?:HISTORY|REUSE INTERVAL|REQUIRE CURRENT) DEFAULT)*$/;

function isOwn(line: string, { database, privileges }: MysqlAccount, user: string): boolean {
  const tail = ` ON \`${database.replaceAll('_', '\\_')}\`.* TO ${user}`;
  if (!line.startsWith('GRANT ') || !line.endsWith(tail)) return false;
  const shown = line.slice('GRANT '.length, -tail.length);
  if (shown === 'ALL PRIVILEGES') return privileges === 'all';
  return shown.split(', ').sort().join() === [...PRIVILEGES[privileges]].sort().join();
}
