import { z } from 'zod';

/** What the OpenSSH of every supported distribution takes, without DSA and the certificates. */
const TYPES: ReadonlySet<string> = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

/** Below this an RSA key is refused by OpenSSH itself (RequiredRSASize), or by who looks after the server. */
const LEAST_RSA_BITS = 2048;
/** The longest that OpenSSH reads (SSHBUF_MAX_BIGNUM). */
const MOST_RSA_BITS = 16_384;

/**
 * A public key as OpenSSH writes it (RFC 4253, 6.6), in the one form there is: the type, a blank, the key in base64.
 * A comment that comes after it is dropped: who the key is for its name says. Options are not taken, nor lines.
 */
export const SshPublicKey = z
  .string()
  .max(4000)
  .regex(
    /^[a-z0-9@.-]{7,40} [A-Za-z0-9+/]{16,3800}={0,2}(?: [ -~]{0,200})?$/,
    'one line of a .pub file, such as ssh-ed25519 AAAAC3Nz…',
  )
  .meta({ examples: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl'] })
  .transform((line) => line.split(' ').slice(0, 2).join(' '))
  .refine(isKey, 'an ed25519, ecdsa, or (from 2048 bits) rsa key, whole and unchanged')
  .brand<'SshPublicKey'>();
export type SshPublicKey = z.infer<typeof SshPublicKey>;

function isKey(text: string): boolean {
  const [type = '', base64 = ''] = text.split(' ');
  const blob = Buffer.from(base64, 'base64');
  if (!TYPES.has(type) || blob.toString('base64') !== base64) return false;
  const fields = fieldsOf(blob);
  if (fields?.[0]?.toString('latin1') !== type) return false;
  return type !== 'ssh-rsa' || isGoodRsa(fields);
}

/** Each is its length in four octets, and then itself; undefined where that does not come out even. */
function fieldsOf(blob: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  let at = 0;
  while (at < blob.length) {
    if (at + 4 > blob.length) return undefined;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return fields.length >= 2 ? fields : undefined;
}

/** The exponent, then the modulus, whose first octet is 0 where the next would make it negative. */
function isGoodRsa(fields: readonly Buffer[]): boolean {
  const modulus = fields[2];
  if (fields.length !== 3 || modulus === undefined) return false;
  const bits = (modulus[0] === 0 ? modulus.length - 1 : modulus.length) * 8;
  return bits >= LEAST_RSA_BITS && bits <= MOST_RSA_BITS;
}
