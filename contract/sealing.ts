import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { z } from 'zod';

/* Both ends of a text that root alone can read: who seals it knows root's public key and nothing else. */

/** An X25519 public key, SPKI in DER and base64. */
export const SealKey = z
  .string()
  .regex(/^[A-Za-z0-9+/]{59}=$/, 'an X25519 public key in base64')
  .meta({ examples: ['MCowBQYDK2VuAyEAaQmXVmj3OJ0YDMv8YzPAbXCRJLvbLpJKW6YVPfNNtSM='] })
  .brand<'SealKey'>();
export type SealKey = z.infer<typeof SealKey>;

export const Sealed = z
  .string()
  .max(16_384)
  .regex(/^[A-Za-z0-9+/]{80,}={0,2}$/, 'a sealed text in base64')
  .meta({ examples: ['A'.repeat(120)] })
  .brand<'Sealed'>();
export type Sealed = z.infer<typeof Sealed>;

type Octets = Readonly<Buffer>;

const SPKI_LENGTH = 44;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const CIPHER = 'aes-256-gcm';
const PURPOSE = 'sculptor sealed text 1';

/** `about` is what it is for; it can be read for that alone. */
export function seal(key: SealKey, text: Octets, about: string): Sealed {
  const theirs = Buffer.from(key, 'base64');
  const once = generateKeyPairSync('x25519');
  const mine = spkiOf(once.publicKey);
  const secret = diffieHellman({ privateKey: once.privateKey, publicKey: fromSpki(theirs) });
  const nonce = randomBytes(NONCE_LENGTH);
  const cipher = createCipheriv(CIPHER, sharedKey(secret, mine, theirs), nonce, {
    authTagLength: TAG_LENGTH,
  }).setAAD(Buffer.from(about));
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([mine, nonce, cipher.getAuthTag(), sealed]).toString('base64') as Sealed;
}

/** Throws where it was sealed for another key, or about something else, or is not as it was sealed. */
export function unseal(key: KeyObject, sealed: Sealed, about: string): Buffer {
  const all = Buffer.from(sealed, 'base64');
  const cut = (from: number, length: number) => all.subarray(from, from + length);
  const theirs = cut(0, SPKI_LENGTH);
  const secret = diffieHellman({ privateKey: key, publicKey: fromSpki(theirs) });
  const nonce = cut(SPKI_LENGTH, NONCE_LENGTH);
  const decipher = createDecipheriv(CIPHER, sharedKey(secret, theirs, spkiOf(createPublicKey(key))), nonce, {
    authTagLength: TAG_LENGTH,
  })
    .setAAD(Buffer.from(about))
    .setAuthTag(cut(SPKI_LENGTH + NONCE_LENGTH, TAG_LENGTH));
  const body = all.subarray(SPKI_LENGTH + NONCE_LENGTH + TAG_LENGTH);
  return Buffer.concat([decipher.update(body), decipher.final()]);
}

function sharedKey(secret: Octets, sender: Octets, receiver: Octets): Buffer {
  const salt = Buffer.concat([sender, receiver]);
  return Buffer.from(hkdfSync('sha256', secret, salt, PURPOSE, 32));
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function fromSpki(der: Octets): KeyObject {
  return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
}
