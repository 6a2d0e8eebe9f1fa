import { z } from 'zod';
import { DomainId, PartId } from './ids.ts';
import { DomainName } from './names.ts';
import { Sealed } from './sealing.ts';

/** `none`: no TLS. `self-signed`: made by the server. `acme`: asked for from an authority. `custom`: brought along. */
export const CertificateKind = z.enum(['none', 'self-signed', 'acme', 'custom']);
export type CertificateKind = z.infer<typeof CertificateKind>;

export const MOST_IN_CHAIN = 10;
export const MOST_CHAIN_OCTETS = 24_576;
export const MOST_KEY_OCTETS = 8192;

/** One certificate, DER in base64: what is rendered of it later is ours, and nothing that somebody typed. */
export const CertificateDer = z
  .string()
  .max(MOST_CHAIN_OCTETS * 2)
  .regex(/^[A-Za-z0-9+/]{100,}={0,2}$/, 'a certificate, DER in base64')
  .meta({ examples: ['M'.repeat(400)] });

/** As a version of it holds it. The private key is sealed for root, about its site: nobody else can read or move it. */
export const CertificateSpec = z.union([
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('self-signed') }),
  z.strictObject({ kind: z.literal('acme') }),
  z.strictObject({
    kind: z.literal('custom'),
    chain: z.array(CertificateDer).min(1).max(MOST_IN_CHAIN),
    sealedKey: Sealed,
  }),
]);
export type CertificateSpec = z.infer<typeof CertificateSpec>;
export type CustomCertificate = Extract<CertificateSpec, { kind: 'custom' }>;

/** What is sealed with a key: it opens for that site alone. */
export function keyOfSite(site: DomainId): string {
  return `certificate of ${site}`;
}

/** What a panel asks for. The chain begins with the site's own certificate; both are PEM. */
export const PutCertificate = z.strictObject({
  kind: CertificateKind,
  chain: z.string().min(1).max(MOST_CHAIN_OCTETS).optional(),
  key: z.string().min(1).max(MOST_KEY_OCTETS).optional(),
});
export type PutCertificate = z.infer<typeof PutCertificate>;

/** SHA-256 over the certificate, as every browser shows it, without colons. */
export const Fingerprint = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex')
  .brand<'Fingerprint'>();
export type Fingerprint = z.infer<typeof Fingerprint>;

/** Of the site's names, one that the certificate is not for, and why. */
export const LeftOut = z.strictObject({ name: DomainName, reason: z.string().max(300) });
export type LeftOut = z.infer<typeof LeftOut>;

/** What is shown to whoever visits the site over TLS. */
export const ServedCertificate = z.strictObject({
  kind: CertificateKind.exclude(['none']),
  fingerprint: Fingerprint,
  issuer: z.string().max(300),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  /** Those of the site's names that it is for. */
  names: z.array(DomainName).max(101),
  leftOut: z.array(LeftOut).max(101),
});
export type ServedCertificate = z.infer<typeof ServedCertificate>;

/** `ends`: its end is near. `names`: the site has others than it was made for. */
export const RenewalReason = z.enum(['ends', 'names']);
export type RenewalReason = z.infer<typeof RenewalReason>;

/** How a site's certificate stands; `due` where the server should have it renewed. */
export const CertificateReport = z.strictObject({
  part: PartId,
  site: DomainId,
  served: ServedCertificate.nullable(),
  due: RenewalReason.nullable(),
});
export type CertificateReport = z.infer<typeof CertificateReport>;

export const RENEW_DAYS = 30;
export const WARN_DAYS = 20;
const DAY_MS = 86_400_000;

/** Whole days, less than none where it has ended. */
export function daysLeft(notAfter: string, now: Date): number {
  return Math.floor((Date.parse(notAfter) - now.getTime()) / DAY_MS);
}
