import { createHash, generateKeyPairSync, sign } from 'node:crypto';

/* As much of OpenPGP (RFC 4880) as an archive of packages wants: a key, and what it signs. */

export type SigningKey = {
  /** What `signed-by` takes. */
  readonly ring: Buffer;
  /** The text of a Release.gpg. */
  readonly signatureOf: (text: Buffer) => string;
};

const [PUBLIC_KEY, USER_ID, SIGNATURE] = [6, 13, 2];
const [OF_A_DOCUMENT, OF_A_KEY] = [0x00, 0x13];
const [RSA, SHA256] = [1, 8];
const MADE = number(Math.floor(Date.now() / 1000) - 3600, 4);

export function createSigningKey(name: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const body = Buffer.concat([number(4, 1), MADE, number(RSA, 1), integer(n), integer(e)]);
  const whole = Buffer.concat([number(0x99, 1), number(body.length, 2), body]);
  const print = createHash('sha1').update(whole).digest();

  const signature = (type: number, signed: Buffer) => {
    const hashed = Buffer.concat([field(2, MADE), field(33, Buffer.concat([number(4, 1), print]))]);
    const head = Buffer.concat([Buffer.from([4, type, RSA, SHA256]), number(hashed.length, 2), hashed]);
    const all = Buffer.concat([signed, head, Buffer.from([4, 0xff]), number(head.length, 4)]);
    const issuer = field(16, print.subarray(-8));
    const start = createHash('sha256').update(all).digest().subarray(0, 2);
    const made = integer(sign('sha256', all, privateKey).toString('base64url'));
    return packet(SIGNATURE, Buffer.concat([head, number(issuer.length, 2), issuer, start, made]));
  };

  const user = Buffer.from(name);
  const bound = Buffer.concat([whole, number(0xb4, 1), number(user.length, 4), user]);
  return {
    ring: Buffer.concat([packet(PUBLIC_KEY, body), packet(USER_ID, user), signature(OF_A_KEY, bound)]),
    signatureOf: (text) => armoured(signature(OF_A_DOCUMENT, text)),
  };
}

function number(value: number, octets: number): Buffer {
  return Buffer.from(value.toString(16).padStart(octets * 2, '0'), 'hex');
}

/** Its length in bits, and no zeros before it. */
function integer(base64: string): Buffer {
  const hex = Buffer.from(base64, 'base64url')
    .toString('hex')
    .replace(/^(00)+/, '');
  return Buffer.concat([number(BigInt(`0x${hex}`).toString(2).length, 2), Buffer.from(hex, 'hex')]);
}

function field(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([value.length + 1, type]), value]);
}

function packet(tag: number, body: Buffer): Buffer {
  return Buffer.concat([number(0xc0 | tag, 1), number(0xff, 1), number(body.length, 4), body]);
}

function armoured(body: Buffer): string {
  const lines = body.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PGP SIGNATURE-----', '', ...lines, '-----END PGP SIGNATURE-----', ''].join('\n');
}
