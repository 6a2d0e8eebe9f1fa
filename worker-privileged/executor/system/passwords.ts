import { createHash, randomBytes } from 'node:crypto';
import { PasswordHash } from '../../../contract/databases.ts';

/** Of an hour, or of nobody; letters and digits. */
export function newPassword(): string {
  return randomBytes(32).toString('hex');
}

/** As `mysql_native_password` stores it. */
export function hashOf(password: string): PasswordHash {
  const once = createHash('sha1').update(password).digest();
  return PasswordHash.parse(`*${createHash('sha1').update(once).digest('hex').toUpperCase()}`);
}
