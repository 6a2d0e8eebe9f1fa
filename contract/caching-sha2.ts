import { createHash } from 'node:crypto';

type Bytes = Readonly<Buffer>;

const ROUNDS = 5000;
export const CRYPT_LETTERS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * As MySQL's `caching_sha2_password` stores it: `$A$005$`, 20 octets of salt, and SHA-crypt with SHA-256 and 5 000 rounds
 * over all of it, where crypt takes 16.
 */
export function cachingSha2(password: string, salt: Bytes): Buffer {
  const key = Buffer.from(password);
  const digest = mixed({ key, salt, first: firstOf(key, salt) });
  return Buffer.concat([Buffer.from('$A$005$'), salt, Buffer.from(lettersOf(digest))]);
}

function firstOf(key: Bytes, salt: Bytes): Buffer {
  const other = sha256(key, salt, key);
  const parts = [key, salt, stretched(other, key.length)];
  for (let left = key.length; left > 0; left >>= 1) parts.push(left & 1 ? other : key);
  return sha256(...parts);
}

function mixed({ key, salt, first }: Readonly<Record<'key' | 'salt' | 'first', Bytes>>): Bytes {
  const keys = stretched(sha256(...Array.from(key, () => key)), key.length);
  const salts = stretched(sha256(...Array.from({ length: 16 + (first[0] ?? 0) }, () => salt)), salt.length);
  let digest = first;
  for (let round = 0; round < ROUNDS; round += 1) {
    const odd = round % 2 === 1;
    const parts = [odd ? keys : digest];
    if (round % 3 > 0) parts.push(salts);
    if (round % 7 > 0) parts.push(keys);
    digest = sha256(...parts, odd ? digest : keys);
  }
  return digest;
}

/** Three octets in four letters, taken from here and there; the last two in three. */
function lettersOf(digest: Bytes): string {
  const at = (index: number) => digest[index] ?? 0;
  let text = '';
  for (let group = 0; group < 10; group += 1) {
    const [a, b, c] = [group * 21, group * 21 + 10, group * 21 + 20].map((index) => at(index % 30));
    text += letters(((a ?? 0) << 16) | ((b ?? 0) << 8) | (c ?? 0), 4);
  }
  return text + letters((at(31) << 8) | at(30), 3);
}

function letters(value: number, count: number): string {
  return Array.from({ length: count }, (_, index) => CRYPT_LETTERS[(value >> (6 * index)) & 63]).join('');
}

function sha256(...parts: readonly Bytes[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function stretched(bytes: Bytes, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => bytes[index % 32] ?? 0));
}
