import { X509Certificate } from 'node:crypto';
import { coveredBy } from '../../../../contract/certificate-checks.ts';
import { daysLeft } from '../../../../contract/certificates.ts';
import { FailureError } from '../../../../contract/failures.ts';
import type { DomainName } from '../../../../contract/names.ts';
import type { Run, Step } from '../../ensure.ts';
import type { HeldCertificate } from '../../system/certificates.ts';
import type { System } from '../../system/system.ts';
import { endsSoon, sameNames } from './certificate.ts';
import type { Placed } from './kind.ts';

type Tools = Pick<System, 'certificates' | 'acme' | 'locks' | 'now' | 'registry' | 'parts'>;

/**
 * Asks an authority for one, where there is none for these names, its end is near, or `again` says so. Meanwhile the
 * site is not locked: an authority may take minutes.
 */
export function obtained(
  system: Tools,
  { site, part }: Placed<'certificate'>,
  { run, again = false }: { readonly run: Pick<Run, 'stillAsked'>; readonly again?: boolean },
): Step {
  const { certificates, acme, locks, now } = system;
  const { id, tenant, names } = site;
  const look = async () => {
    const held = await certificates.read(id);
    if (held?.kind !== 'acme') return 'there is none of that kind';
    if (!sameNames(held, names)) return 'the names are others';
    // Whatever was given for this version is what there is.
    if (held.generation >= part.generation) return null;
    if (again) return 'another is asked for';
    return endsSoon(held, now()) ? 'it ends soon' : null;
  };
  const obtain = async () => {
    await run.stillAsked?.();
    // Who asked for the same, and whose caller is gone, may have got it meanwhile.
    if ((await look()) === null) return null;
    const held = await certificates.read(id);
    const due = held?.kind === 'acme' && endsSoon(held, now());
    const isShown = held !== null && (await certificates.served(id)) === held.fingerprint;
    const former = isShown ? held : null;
    // Before an authority is asked: what is ordered counts against what it gives in a week.
    const admit = (leftOut: readonly DomainName[]) => {
      if (former !== null && losesNames(former, leftOut, now())) throw kept(leftOut);
    };
    const { chain, key, leftOut } = await acme.obtain({ id, tenant, names, due, admit });
    if (former !== null && isWorse(former, new X509Certificate(chain), { names, now: now() }))
      throw kept(leftOut.map(({ name }) => name));
    const { generation } = part;
    return locks.during(id, async () => {
      await requireUnchanged(system, { site, part });
      const undo = await certificates.write(id, {
        ...{ chain, key, kind: 'acme', asked: [...names], generation },
        leftOut: leftOut.map(({ name, reason }) => ({ name, reason: reason.slice(0, 300) })),
      });
      // What was given in the place of one like it stays, whatever comes after it.
      return again || due ? null : () => locks.during(id, undo);
    });
  };
  // Not two at once for one site: each would take the other's answer.
  return { name: 'obtain a certificate', look, change: () => locks.during(`acme-${id}`, obtain) };
}

/** The site and what is asked of it are what they were when the authority was asked. */
async function requireUnchanged(
  { registry, parts }: Pick<System, 'registry' | 'parts'>,
  { site, part }: Placed<'certificate'>,
): Promise<void> {
  const now = await registry.read(site.id);
  const asked = await parts.read(part);
  const same = now !== null && now.removedAt === null && sameNames({ asked: now.names }, site.names);
  if (same && asked !== null && !asked.removed && asked.generation === part.generation) return;
  throw new FailureError(
    'executor_unavailable',
    'The site was changed while an authority was asked for its certificate.',
    'It is tried again by itself.',
  );
}

/** So long before its end one for fewer names is taken: else there would be none. */
const LAST_DAYS = 7;

/** Whether visitors of names that it is for would be without, and need not be yet; one that is self-signed nobody trusts. */
function losesNames({ kind, certificate }: Held, without: readonly DomainName[], now: Date): boolean {
  if (kind === 'self-signed' || daysLeft(certificate.validTo, now) < LAST_DAYS) return false;
  return coveredBy(certificate, without).length > 0;
}

type Held = Pick<HeldCertificate, 'kind' | 'certificate'>;

/**
 * Whether visitors would have less of another: fewer of the site's names, or an earlier end. In the place of one that
 * was brought along it may end earlier, as the server renews it; one that is self-signed nobody trusts.
 */
export function isWorse(
  { kind, certificate: before }: Held,
  after: X509Certificate,
  { names, now }: { readonly names: readonly DomainName[]; readonly now: Date },
): boolean {
  if (kind === 'self-signed' || daysLeft(before.validTo, now) < LAST_DAYS) return false;
  const covered = coveredBy(after, names);
  const loses = coveredBy(before, names).some((name) => !covered.includes(name));
  return loses || (kind === 'acme' && Date.parse(after.validTo) < Date.parse(before.validTo));
}

function kept(leftOut: readonly DomainName[]): FailureError {
  const without = leftOut.length === 0 ? 'end earlier' : `be without ${leftOut.slice(0, 5).join(' ')}`;
  return new FailureError(
    'certificate_kept',
    `A certificate from the authority would ${without}: the one that there is stays.`,
    'Have every name point to this server, or take the alias from the site; then ask again.',
  );
}
