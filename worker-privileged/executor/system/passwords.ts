import { randomBytes } from 'node:crypto';

/** Of an hour, or of nobody; letters and digits. */
export function newPassword(): string {
  return randomBytes(32).toString('hex');
}
