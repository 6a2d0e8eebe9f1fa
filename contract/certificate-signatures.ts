import type { X509Certificate } from 'node:crypto';

/* What TLS libraries of today refuse to serve, whoever issued it: nginx would take it, and end every handshake. */

/** RFC 5280, 4.1.1.2; the identifiers are of RFC 4055, 5758 and 8410, as they stand in DER. */
const TAKEN: ReadonlySet<string> = new Set([
  ...['2a864886f70d01010b', '2a864886f70d01010c', '2a864886f70d01010d'], // sha256, sha384, sha512 with RSA
  ...['2a8648ce3d040302', '2a8648ce3d040303', '2a8648ce3d040304'], // ECDSA with the same
  '2b6570', // Ed25519
]);

/** How a certificate was signed; nobody looks at how a root has signed itself. */
export function isSignedWell(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) || TAKEN.has(signatureOf(certificate.raw));
}

/** A key that signs: as strong as one that is asked for of the site itself. */
export function signsWithEnough({ publicKey }: X509Certificate): boolean {
  const { modulusLength = 0, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  if (publicKey.asymmetricKeyType === 'rsa') return modulusLength >= 2048;
  if (publicKey.asymmetricKeyType === 'ec')
    return /^(?:prime256v1|secp384r1|secp521r1)$/.test(namedCurve ?? '');
  return publicKey.asymmetricKeyType === 'ed25519';
}

/** Certificate ::= SEQUENCE { what is signed, SEQUENCE { identifier, … }, … } */
function signatureOf(der: Buffer): string {
  const signed = within(der, 0);
  const algorithm = within(der, within(der, signed.start).end);
  const { start, end } = within(der, algorithm.start);
  return der.subarray(start, end).toString('hex');
}

/**
 * Where the content of what begins there begins and ends, in DER. OpenSSL reads more than that: of what has no end of its own,
 * or says it in more octets than a certificate needs, nothing is read, so that it is of no kind that is taken.
 */
function within(der: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  const octets = first & 0x7f;
  const start = at + 2 + octets;
  if (octets === 0 || octets > 4 || start > der.length) return { start: der.length, end: der.length };
  return { start, end: start + der.readUIntBE(at + 2, octets) };
}
