import type { KeyObject, X509Certificate } from 'node:crypto';
import { certificateFaults, isFault, readChain, readKey } from '../../contract/certificate-checks.ts';
import type { CertificateFault } from '../../contract/certificate-checks.ts';
import { keyOfSite, PutCertificate } from '../../contract/certificates.ts';
import type { CertificateSpec } from '../../contract/certificates.ts';
import type { Domain } from '../../contract/domains.ts';
import type { FieldError } from '../../contract/problems.ts';
import { seal } from '../../contract/sealing.ts';
import type { SealKey } from '../../contract/sealing.ts';
import { invalidInput, unavailable } from '../problems.ts';
import { parseInput } from '../validation.ts';

/** What was asked for, read; of a private key nothing is kept but what root can open. */
export type WantedCertificate =
  | { readonly kind: 'none' | 'self-signed' | 'acme' }
  | {
      readonly kind: 'custom';
      readonly chain: readonly X509Certificate[];
      readonly key: KeyObject;
    };

export function parseCertificate(body: unknown): WantedCertificate {
  const { kind, chain, key } = parseInput(PutCertificate, body);
  if (kind === 'custom') return { kind, ...brought(chain, key) };
  const more = [
    ...(chain === undefined ? [] : [notTaken('chain', kind)]),
    ...(key === undefined ? [] : [notTaken('key', kind)]),
  ];
  if (more.length > 0) throw invalidInput(more);
  return { kind };
}

function brought(chain: string | undefined, key: string | undefined) {
  const certificates = chain === undefined ? missing('chain') : readChain(chain);
  const privateKey = key === undefined ? missing('key') : readKey(key);
  const faults = [certificates, privateKey].filter(isFault);
  if (isFault(certificates) || isFault(privateKey)) throw invalidInput(faults);
  return { chain: certificates, key: privateKey };
}

function missing(field: 'chain' | 'key'): CertificateFault {
  return { field, message: 'This field is missing.', expected: 'PEM, for the kind custom' };
}

function notTaken(field: string, kind: string): FieldError {
  return { field, message: `The kind ${kind} takes none.`, expected: 'nothing, or the kind custom' };
}

/** Throws a ProblemError that names what of it does not fit the site, or itself. */
export function specFor(
  wanted: WantedCertificate,
  { id, name, aliases }: Pick<Domain, 'id' | 'name' | 'aliases'>,
  sealKey: SealKey | null,
): CertificateSpec {
  if (wanted.kind !== 'custom') return { kind: wanted.kind };
  const { chain, key } = wanted;
  const faults = certificateFaults({ chain, key, names: [name, ...aliases], now: new Date() });
  if (faults.length > 0) throw invalidInput(faults);
  if (sealKey === null)
    throw unavailable('This server has no key to seal a private key for: run its installation again.');
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return {
    kind: 'custom',
    chain: chain.map(({ raw }) => raw.toString('base64')),
    sealedKey: seal(sealKey, der, keyOfSite(id)),
  };
}
