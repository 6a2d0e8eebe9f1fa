import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { isSignedWell, signsWithEnough } from './certificate-signatures.ts';
import { MOST_IN_CHAIN, MOST_CHAIN_OCTETS, MOST_KEY_OCTETS } from './certificates.ts';
import type { DomainName } from './names.ts';

/* What is asked of a certificate that somebody brings along: by the API, to say it at once, and by root again. */

export interface CertificateFault {
  readonly field: 'chain' | 'key';
  readonly message: string;
  readonly expected: string;
}

export function isFault(read: object): read is CertificateFault {
  return 'field' in read;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;

/** The certificates of a text, in its order; a fault where it is anything else. */
export function readChain(text: string): readonly X509Certificate[] | CertificateFault {
  const expected = `up to ${MOST_IN_CHAIN} certificates in PEM, the site's own first, ${MOST_CHAIN_OCTETS} octets at most`;
  const fault = (message: string): CertificateFault => ({ field: 'chain', message, expected });
  if (Buffer.byteLength(text) > MOST_CHAIN_OCTETS) return fault('The chain is too long.');
  const blocks = [...text.matchAll(BLOCK)];
  if (blocks.length === 0) return fault('There is no certificate in it.');
  if (blocks.some(([, type]) => type !== 'CERTIFICATE')) return fault('There is something else in it.');
  if (blocks.length > MOST_IN_CHAIN) return fault('There are too many certificates in it.');
  return parsedCertificates(blocks.map(([block]) => block)) ?? fault('A certificate in it cannot be read.');
}

export function certificatesOf(ders: readonly string[]): readonly X509Certificate[] | undefined {
  return parsedCertificates(ders.map((der) => Buffer.from(der, 'base64')));
}

function parsedCertificates(all: readonly (string | Buffer)[]): readonly X509Certificate[] | undefined {
  try {
    return all.map((one) => new X509Certificate(one));
  } catch {
    return undefined;
  }
}

/** A private key in PEM; nothing of it is in what is said of one that is refused. */
export function readKey(text: string): KeyObject | CertificateFault {
  const expected = `one private key in PEM, not encrypted, ${MOST_KEY_OCTETS} octets at most`;
  const fault = (message: string): CertificateFault => ({ field: 'key', message, expected });
  if (Buffer.byteLength(text) > MOST_KEY_OCTETS) return fault('The key is too long.');
  if (/ENCRYPTED/.test(text))
    return fault('The key is encrypted: a server cannot be asked for its password.');
  try {
    return createPrivateKey(text);
  } catch {
    return fault('This is no private key.');
  }
}

interface Brought {
  readonly chain: readonly X509Certificate[];
  readonly key: KeyObject;
  /** Of the site. */
  readonly names: readonly DomainName[];
  readonly now: Date;
}

/** The first thing that is wrong with each. */
export function certificateFaults({ chain, key, names, now }: Brought): readonly CertificateFault[] {
  const [own] = chain;
  if (own === undefined) return [of('chain', 'There is no certificate in it.', 'a certificate')];
  const chainFault = orderFault(chain) ?? weakness(chain) ?? dateFault(chain, now) ?? nameFault(own, names);
  const keyFault = strengthFault(key) ?? pairFault(own, key);
  return [chainFault, keyFault].filter((fault) => fault !== undefined);
}

function of(field: 'chain' | 'key', message: string, expected: string): CertificateFault {
  return { field, message, expected };
}

function orderFault(chain: readonly X509Certificate[]): CertificateFault | undefined {
  const issued = chain.slice(1).every((issuer, index) => {
    const of = chain[index];
    return of !== undefined && of.checkIssued(issuer) && signedBy(of, issuer);
  });
  if (issued) return undefined;
  return of(
    'chain',
    'The certificates do not follow each other.',
    "the site's own first, after each the one that it was issued by",
  );
}

function signedBy(of: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return of.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function weakness(chain: readonly X509Certificate[]): CertificateFault | undefined {
  if (chain.every(isSignedWell) && chain.slice(1).every(signsWithEnough)) return undefined;
  return of(
    'chain',
    'A certificate is signed by a method or a key that browsers refuse.',
    'signatures with SHA-256 or better, by RSA of 2048 bits or more or an elliptic curve',
  );
}

function dateFault(chain: readonly X509Certificate[], now: Date): CertificateFault | undefined {
  const expected = 'certificates that are valid today';
  for (const { validFrom, validTo } of chain) {
    // One that nobody can read would be before nothing, and after nothing.
    if (!Number.isFinite(Date.parse(validTo)) || !Number.isFinite(Date.parse(validFrom)))
      return of('chain', 'A certificate has no date that can be read.', expected);
    if (Date.parse(validTo) <= now.getTime()) return of('chain', 'A certificate has ended.', expected);
    if (Date.parse(validFrom) > now.getTime()) return of('chain', 'A certificate begins later.', expected);
  }
  return undefined;
}

function nameFault(own: X509Certificate, names: readonly DomainName[]): CertificateFault | undefined {
  if (coveredBy(own, names).length > 0) return undefined;
  return of('chain', 'It is for none of the names of this site.', `a certificate for ${names[0] ?? 'it'}`);
}

/** The names that a certificate is for; what stands in its subject alone is not looked at, as browsers do not. */
export function coveredBy(own: X509Certificate, names: readonly DomainName[]): DomainName[] {
  return names.filter((name) => own.checkHost(name, { subject: 'never' }) !== undefined);
}

const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1']);

function strengthFault(key: KeyObject): CertificateFault | undefined {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048 && modulusLength <= 4096) return undefined;
  if (key.asymmetricKeyType === 'ec' && CURVES.has(namedCurve)) return undefined;
  return of(
    'key',
    'This kind of key is not taken.',
    'RSA of 2048 to 4096 bits, or an elliptic curve of P-256 or P-384',
  );
}

function pairFault(own: X509Certificate, key: KeyObject): CertificateFault | undefined {
  if (own.checkPrivateKey(key)) return undefined;
  return of('key', 'It is not the key of the first certificate of the chain.', 'the key that belongs to it');
}

/** On one line and printable, whoever issued it. */
export function issuerOf({ issuer }: { readonly issuer: string | undefined }): string {
  // Node has none where the certificate says nothing of it.
  return (issuer ?? '')
    .split('\n')
    .join(', ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 300);
}
