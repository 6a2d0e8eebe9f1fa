import { X509Certificate } from 'node:crypto';
import { coveredBy } from '../../../../contract/certificate-checks.ts';
import { daysLeft } from '../../../../contract/certificates.ts';
import { FailureError } from '../../../../contract/failures.ts';
import type { DomainName } from '../../../../contract/names.ts';
import type { Step } from '../../ensure.ts';
import type { HeldCertificate } from '../../system/certificates.ts';
import type { System } from '../../system/system.ts';
import { endsSoon, sameNames } from './certificate.ts';
import type { Placed } from './kind.ts';

/** Asks an authority for one, where there is none for these names, its end is near, or `again` says so. */
export function obtained(
  { certificates, acme, now }: Pick<System, 'certificates' | 'acme' | 'now'>,
  { site, part }: Placed<'certificate'>,
  again = false,
): Step {
  return {
    name: 'obtain a certificate',
    look: async () => {
      const held = await certificates.read(site.id);
      if (held?.kind !== 'acme') return 'there is none of that kind';
      if (!sameNames(held, site.names)) return 'the names are others';
      // Whatever was given for this version is what there is.
      if (held.generation >= part.generation) return null;
      if (again) return 'another is asked for';
      return endsSoon(held, now()) ? 'it ends soon' : null;
    },
    change: async () => {
      const held = await certificates.read(site.id);
      const due = held?.kind === 'acme' && endsSoon(held, now());
      const { id, tenant, names } = site;
      const { chain, key, leftOut } = await acme.obtain({ id, tenant, names, due });
      const next = new X509Certificate(chain);
      const isShown = held !== null && (await certificates.served(id)) === held.fingerprint;
      if (isShown && isWorse(held, next, { names, now: now() })) throw kept(leftOut.map(({ name }) => name));
      const { generation } = part;
      return certificates.write(site.id, {
        ...{ chain, key, kind: 'acme', asked: [...site.names], generation },
        leftOut: leftOut.map(({ name, reason }) => ({ name, reason: reason.slice(0, 300) })),
      });
    },
  };
}

/** So long before its end one for fewer names is taken: else there would be none. */
const LAST_DAYS = 7;

/**
 * Whether visitors would have less of another: fewer of the site's names, or an earlier end. In the place of one that
 * was brought along it may end earlier, as the server renews it; one that is self-signed nobody trusts.
 */
export function isWorse(
  { kind, certificate: before }: Pick<HeldCertificate, 'kind' | 'certificate'>,
  after: X509Certificate,
  { names, now }: { readonly names: readonly DomainName[]; readonly now: Date },
): boolean {
  if (kind === 'self-signed' || daysLeft(before.validTo, now) < LAST_DAYS) return false;
  const covered = coveredBy(after, names);
  const loses = coveredBy(before, names).some((name) => !covered.includes(name));
  return loses || (kind === 'acme' && Date.parse(after.validTo) < Date.parse(before.validTo));
}

function kept(leftOut: HeldCertificate['asked']): FailureError {
  const without = leftOut.length === 0 ? 'end earlier' : `be without ${leftOut.slice(0, 5).join(' ')}`;
  return new FailureError(
    'certificate_kept',
    `The certificate that the authority gave would ${without}: the one that there is stays.`,
    'Have every name point to this server, or take the alias from the site; then ask again.',
  );
}
