import { randomBytes } from 'node:crypto';
import { PasswordHash } from '../../contract/databases.ts';
import { createSecret } from '../../runtime/secret.ts';
import type { Secret } from '../../runtime/secret.ts';
import type { Written } from '../writer.ts';

/** 256 bits, in 43 characters that need no quoting anywhere. */
export function newPassword(): Secret {
  return createSecret(randomBytes(32).toString('base64url'));
}

/** For a version that says that the account is to go: the hash of no password that anybody knows. */
export const NO_PASSWORD = PasswordHash.parse(`*${'0'.repeat(40)}`);

/** A password in its one answer, and what stands there when that is given again. */
export function shownOnce(password: Secret): NonNullable<Written['once']> {
  return { shown: { password: password.reveal() }, kept: { password: null, note: NOTE } };
}

const NOTE =
  'The password was shown once, in the first answer to this Idempotency-Key. Rotate it to get another.';
