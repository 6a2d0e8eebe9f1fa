import { z } from 'zod';

/**
 * What the OpenSSH of every supported distribution takes, without DSA and the certificates: what comes after the type
 * in each, field by field.
 */
const TYPES: ReadonlyMap<string, readonly Fits[]> = new Map([
  ['ssh-ed25519', [octets(32)]],
  ['ssh-rsa', [isExponent, isGoodModulus]],
  ['ecdsa-sha2-nistp256', [is('nistp256'), point(32)]],
  ['ecdsa-sha2-nistp384', [is('nistp384'), point(48)]],
  ['ecdsa-sha2-nistp521', [is('nistp521'), point(66)]],
  ['sk-ssh-ed25519@openssh.com', [octets(32), isApplication]],
  ['sk-ecdsa-sha2-nistp256@openssh.com', [is('nistp256'), point(32), isApplication]],
]);
type Fits = (field: Buffer) => boolean;

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
  if (blob.toString('base64') !== base64) return false;
  const rest = TYPES.get(type);
  const fields = fieldsOf(blob);
  if (rest === undefined || fields?.length !== rest.length + 1) return false;
  return [is(type), ...rest].every((fits, at) => fits(fields[at] ?? NOTHING));
}

const NOTHING = Buffer.alloc(0);

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
  return fields;
}

function is(expected: string): Fits {
  return (field) => field.toString('latin1') === expected;
}

function octets(length: number): Fits {
  return (field) => field.length === length;
}

/** One on a curve, by both of its coordinates and uncompressed (SEC 1, 2.3.3), as OpenSSH alone reads it. */
function point(coordinate: number): Fits {
  return (field) => field.length === 1 + 2 * coordinate && field[0] === 4;
}

function isExponent(field: Buffer): boolean {
  return field.length > 0 && field.length <= 8;
}

/** Its first octet is 0 where the next would make it negative. */
function isGoodModulus(field: Buffer): boolean {
  const bits = (field[0] === 0 ? field.length - 1 : field.length) * 8;
  return bits >= LEAST_RSA_BITS && bits <= MOST_RSA_BITS;
}

/** `ssh:`, or what somebody chose when the key was made. */
function isApplication(field: Buffer): boolean {
  return field.length > 0 && field.length <= 255;
}
