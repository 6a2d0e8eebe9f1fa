import { createHash, randomInt } from 'node:crypto';
import { cachingSha2, CRYPT_LETTERS } from './caching-sha2.ts';
import { PasswordHash } from './databases.ts';
import type { DatabaseServer } from './databases.ts';

const HASHES = {
  /** `mysql_native_password`'s. One SHA-1 is little; of 256 random bits nobody guesses one. */
  mariadb: (password: string) => {
    const once = createHash('sha1').update(password).digest();
    return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`;
  },
  /** `caching_sha2_password`'s. The salt is of letters that need no quoting, and can be compared where they are shown. */
  mysql: (password: string) => cachingSha2(password, Buffer.from(newSalt())).toString('latin1'),
} as const satisfies Readonly<Record<DatabaseServer, (password: string) => string>>;

/** What a database server stores of a password. */
export function hashFor(server: DatabaseServer, password: string): PasswordHash {
  return PasswordHash.parse(HASHES[server](password));
}

function newSalt(): string {
  return Array.from({ length: 20 }, () => CRYPT_LETTERS[randomInt(64)]).join('');
}
