import { X509Certificate, type KeyObject } from 'node:crypto';
import {
  certificateFaults,
  coveredBy,
  issuerOf,
  readChain,
  readKey,
} from '../../../contract/certificate-checks.ts';
import { isSignedWell } from '../../../contract/certificate-signatures.ts';
import type { DomainName } from '../../../contract/names.ts';
import { createAuthority, type Brought, type Wanted } from '../../fakes/authority.ts';

const SHOP = 'shop.example' as DomainName;
const WWW = 'www.shop.example' as DomainName;
const authority = createAuthority();
const issue = (wanted: Partial<Wanted> = {}) => authority.issue({ names: [SHOP], ...wanted });

function faults(brought: Brought, names: readonly DomainName[] = [SHOP], now = new Date()) {
  const chain = readChain(brought.chain) as readonly X509Certificate[];
  const key = readKey(brought.key) as KeyObject;
  return certificateFaults({ chain, key, names, now }).map(({ field, message }) => `${field}: ${message}`);
}

test.each<[string, Partial<Wanted>]>([
  ['P-256', {}],
  ['P-384', { key: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'] }],
  ['RSA of 2048 bits', { key: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'] }],
  ['one of several names', { names: ['other.example', SHOP] }],
  ['a signature by SHA-384', { hash: 'sha384' }],
  ['no issuer beside it', { order: 'alone' }],
])('a certificate with %s is taken', (_, wanted) => {
  expect(faults(issue(wanted))).toEqual([]);
});

test.each<[string, Partial<Wanted>, string]>([
  ['of other names', { names: ['other.example'] }, 'chain: It is for none of the names of this site.'],
  ['without names', { names: [] }, 'chain: It is for none of the names of this site.'],
  ['that has ended', { days: -1 }, 'chain: A certificate has ended.'],
  ['in the wrong order', { order: 'reversed' }, 'chain: The certificates do not follow each other.'],
  [
    'with RSA of 1024 bits',
    { key: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'] },
    'key: This kind of key is not taken.',
  ],
  [
    'with another curve',
    { key: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'] },
    'key: This kind of key is not taken.',
  ],
  ['with Ed25519', { key: ['-algorithm', 'ED25519'] }, 'key: This kind of key is not taken.'],
])('one %s is not', (_, wanted, fault) => {
  expect(faults(issue(wanted))).toContain(fault);
});

const WEAK = 'chain: A certificate is signed by a method or a key that browsers refuse.';

test('one that nginx could not serve is not: signed with SHA-1, or by a key of 1024 bits', () => {
  expect(faults(issue({ hash: 'sha1' }))).toEqual([WEAK]);
  expect(faults(issue({ hash: 'sha1', order: 'alone' }))).toEqual([WEAK]);
  const weak = createAuthority({ key: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'] });
  expect(faults(weak.issue({ names: [SHOP] }))).toEqual([WEAK]);
});

test('what says its length as DER does not is of no kind that is taken', () => {
  const { raw } = new X509Certificate(issue().chain);
  const endless = Buffer.concat([raw.subarray(0, 4), Buffer.from([0x30, 0x80]), raw.subarray(8)]);
  const padded = Buffer.concat([raw.subarray(0, 4), Buffer.from([0x30, 0x87, 0, 0, 0]), raw.subarray(5)]);
  for (const der of [endless, padded, raw.subarray(0, 3), Buffer.alloc(0)])
    expect(isSignedWell({ raw: der, checkIssued: () => false } as unknown as X509Certificate)).toBe(false);
  expect(isSignedWell({ raw, checkIssued: () => false } as unknown as X509Certificate)).toBe(true);
});

test('how a root at the end of the chain has signed itself is no matter', () => {
  const old = createAuthority({ hash: 'sha1' });
  const { chain, key } = old.issue({ names: [SHOP] });
  expect(faults({ chain: chain + old.root, key })).toEqual([]);
});

test('one that begins later, or whose issuer has ended by then, is not', () => {
  const day = 86_400_000;
  expect(faults(issue(), [SHOP], new Date(Date.now() - 10 * day))).toEqual([
    'chain: A certificate begins later.',
  ]);
  expect(faults(issue({ days: 3500 }), [SHOP], new Date(Date.now() + 3100 * day))).toEqual([
    'chain: A certificate has ended.',
  ]);
});

test('a key of another certificate is not taken for it', () => {
  expect(faults({ ...issue(), key: issue().key })).toEqual([
    'key: It is not the key of the first certificate of the chain.',
  ]);
});

test('an issuer of the same name with another key is not taken for the issuer', () => {
  const other = createAuthority().issue({ names: [SHOP] });
  const [own] = issue().chain.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n/)!;
  const issuer = other.chain.slice(other.chain.lastIndexOf('-----BEGIN'));
  expect(faults({ ...issue(), chain: own + issuer })).toContain(
    'chain: The certificates do not follow each other.',
  );
});

test.each([
  ['nothing', ''],
  ['something else', 'hello'],
  ['a private key', issue().key],
  ['a key beside it', issue().chain + issue().key],
  ['more than ten', issue({ order: 'alone' }).chain.repeat(11)],
  ['a broken one', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'],
  ['more than may be', `${issue().chain}${' '.repeat(24_576)}`],
])('%s is no chain', (_, text) => {
  expect(readChain(text)).toMatchObject({ field: 'chain' });
});

test.each([
  ['nothing', ''],
  ['a certificate', issue().chain],
  ['more than may be', `${issue().key}${' '.repeat(8192)}`],
  ['an encrypted one', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n'],
])('%s is no key, and nothing of it is repeated', (_, text) => {
  const fault = readKey(text);
  expect(fault).toMatchObject({ field: 'key' });
  if (text.length > 100) expect(JSON.stringify(fault)).not.toContain(text.slice(40, 80));
});

test('those of the names that it is for are told, by what stands among its names alone', () => {
  const of = (names: readonly string[]) =>
    coveredBy((readChain(issue({ names }).chain) as readonly X509Certificate[])[0]!, [SHOP, WWW]);
  expect(of([SHOP])).toEqual([SHOP]);
  expect(of(['*.shop.example'])).toEqual([WWW]);
  expect(of([WWW, SHOP])).toEqual([SHOP, WWW]);
  expect(of(['com'])).toEqual([]);
});

test('an issuer is one line that drives no terminal', () => {
  const issuer = 'CN=a\nO=\u001b[31mred\u202e';
  expect(issuerOf({ issuer })).toBe('CN=a, O=?[31mred?');
});

test('one whose dates nobody can read is not, and one that names no issuer is shown without', () => {
  const [own] = readChain(issue().chain) as readonly X509Certificate[];
  const unread = Object.create(own as object, {
    validTo: { value: 'Bad time value' },
    checkPrivateKey: { value: () => true },
  }) as X509Certificate;
  const key = readKey(issue().key) as KeyObject;
  expect(certificateFaults({ chain: [unread], key, names: [SHOP], now: new Date() })[0]?.message).toBe(
    'A certificate has no date that can be read.',
  );
  expect(issuerOf({ issuer: undefined })).toBe('');
});
