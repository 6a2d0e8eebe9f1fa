import { coveredBy, issuerOf } from '../../../contract/certificate-checks.ts';
import type {
  CertificateKind,
  CertificateReport,
  RenewalReason,
  ServedCertificate,
} from '../../../contract/certificates.ts';
import type { Probe, VerbArgs } from '../../../contract/executor.ts';
import type { DomainId } from '../../../contract/ids.ts';
import type { DomainName } from '../../../contract/names.ts';
import { runSteps, type Run, type Step } from '../ensure.ts';
import type { HeldCertificate } from '../system/certificates.ts';
import type { PartEntryOf } from '../system/part-register.ts';
import type { SiteEntry } from '../system/registry.ts';
import type { System } from '../system/system.ts';
import { obtained } from './site-parts/authority.ts';
import {
  admitCustom,
  endsSoon,
  formerRemoved,
  sameNames,
  selfSigned,
  shown,
} from './site-parts/certificate.ts';
import { partSteps } from './site-parts/follow.ts';
import { locked, whileLocked } from './site-parts/locked.ts';
import { askedPart, noted, readPart, removePart, siteOf } from './site-parts.ts';
import { refuse } from './site/registered.ts';
import type { VerbHandler } from './table.ts';

type Placed = { readonly site: SiteEntry; readonly part: PartEntryOf<'certificate'> };

/** What was asked of it stands when visitors are shown it; until then, and where it fails, they are shown the former. */
export function putCertificate(system: System): VerbHandler<'certificate.put'> {
  return async (args, run) => {
    const locking = { system, site: args.site, run };
    const { at, isFirst, destroys } = await whileLocked(locking, () => admitted(system, args));
    const put = () => runSteps(stepsToPut(locking, at, isFirst), run);
    await (destroys ? system.caps.destroy(`put-${args.id}-${args.generation}`, put) : put());
    return answerOf(system, at.site);
  };
}

type Asked = VerbArgs<'certificate.put'>;
type Admitted = { readonly at: Placed; readonly isFirst: boolean; readonly destroys: boolean };

async function admitted(system: System, args: Asked): Promise<Admitted> {
  const { site, before, part } = await askedPart(system, 'certificate', args);
  const { id, generation, spec } = args;
  if ((await system.parts.list(site.id)).some((one) => one.type === 'certificate' && one.id !== id))
    throw refuse('The site has another certificate.', 'Change that one, or remove it first.');
  if (spec.kind === 'custom' && before?.generation !== generation) await admitCustom(system, site, spec);
  const destroys = await losesTrust(system, site.id, spec.kind);
  return { at: { site, part: part as PartEntryOf<'certificate'> }, isFirst: before === null, destroys };
}

/** Whether visitors would be shown none, or one that nobody vouches for, in the place of one that somebody does. */
async function losesTrust({ certificates }: System, site: DomainId, kind: CertificateKind): Promise<boolean> {
  if (kind === 'none') return (await certificates.served(site)) !== null;
  const held = kind === 'self-signed' ? await certificates.read(site) : null;
  return held !== null && held.kind !== 'self-signed';
}

type Locking = { readonly system: System; readonly site: DomainId; readonly run: Run };

function stepsToPut(locking: Locking, at: Placed, isFirst: boolean): readonly Step[] {
  const { system, run } = locking;
  const inTurn = (step: Step) => locked(locking, step);
  return [
    inTurn(noted(system, at.part, isFirst ? at.site.tenant : null)),
    ...(at.part.spec.kind === 'acme' ? [obtained(system, at, { run })] : []),
    ...[...partSteps(system, at, true), formerRemoved(system, at)].map(inTurn),
  ];
}

/** Another in the place of the one that there is; one that was brought along nobody but its owner can renew. */
export function renewCertificate(system: System): VerbHandler<'certificate.renew'> {
  return async (place, run) => {
    const locking = { system, site: place.site, run };
    const inTurn = (step: Step) => locked(locking, step);
    const at = await whileLocked(locking, () => renewable(system, place));
    const isAcme = at.part.spec.kind === 'acme';
    const renewed = isAcme
      ? obtained(system, at, { run, again: true })
      : inTurn(selfSigned(system, at, true));
    await runSteps([renewed, ...[shown(system, at), formerRemoved(system, at)].map(inTurn)], run);
    return answerOf(system, at.site);
  };
}

async function renewable(system: System, place: VerbArgs<'certificate.renew'>): Promise<Placed> {
  const site = await siteOf(system, place);
  const part = await readPart(system, place, 'certificate');
  if (part === null || part.removed || part.type !== 'certificate')
    throw refuse('There is no such certificate.', 'Put one first.');
  const { kind } = part.spec;
  if (kind !== 'self-signed' && kind !== 'acme')
    throw refuse(`A certificate of the kind ${kind} is not renewed here.`, 'Put another in its place.');
  return { site, part };
}

/** Without it the site is closed to whoever asks over TLS. */
export function removeCertificate(system: System): VerbHandler<'certificate.remove'> {
  const remove = removePart(system, 'certificate');
  return async (place, run) => {
    if ((await system.certificates.served(place.site)) === null) return remove(place, run);
    return system.caps.destroy(`remove-${place.id}`, () => remove(place, run));
  };
}

async function answerOf(system: System, { id, names }: Pick<SiteEntry, 'id' | 'names'>) {
  const served = await servedOf(system, id, names);
  return { probes: probesOf(served), served };
}

/** What a visitor of each name is shown, where there is one for it. */
export async function certificateProbes(
  system: Pick<System, 'certificates'>,
  id: DomainId,
  names: readonly DomainName[],
): Promise<Probe[]> {
  return probesOf(await servedOf(system, id, names));
}

function probesOf(served: ServedCertificate | null): Probe[] {
  if (served === null) return [];
  const expect = { certificate: served.fingerprint };
  return served.names.map((host): Probe => ({ host, path: '/', expect }));
}

async function servedOf(
  { certificates }: Pick<System, 'certificates'>,
  id: DomainId,
  names: readonly DomainName[],
): Promise<ServedCertificate | null> {
  const held = await certificates.read(id);
  return held === null ? null : servedAs({ certificates }, held, { id, names });
}

async function servedAs(
  { certificates }: Pick<System, 'certificates'>,
  held: HeldCertificate,
  { id, names }: { readonly id: DomainId; readonly names: readonly DomainName[] },
): Promise<ServedCertificate | null> {
  return (await certificates.served(id)) === held.fingerprint ? shownAs(held, names) : null;
}

function shownAs(held: HeldCertificate, names: readonly DomainName[]): ServedCertificate {
  const { kind, fingerprint, certificate, leftOut } = held;
  const covered = coveredBy(certificate, names);
  const known = new Map(leftOut.map((one) => [one.name, one.reason]));
  return {
    ...{ kind, fingerprint, issuer: issuerOf(certificate) },
    notBefore: new Date(certificate.validFrom).toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
    names: covered,
    leftOut: names
      .filter((name) => !covered.includes(name))
      .map((name) => ({ name, reason: known.get(name) ?? 'The certificate is not for this name.' })),
  };
}

/** An answer is one line, which has its limit. */
const MOST_OCTETS = 400_000;

/** Of all sites that have one, and stand; in the order of their ids. */
export function lookAtCertificates(system: System): VerbHandler<'certificates.look'> {
  return async ({ after }, run) => {
    const certificates: CertificateReport[] = [];
    let octets = 0;
    for (const id of await system.certificates.list()) {
      if (after !== null && id <= after) continue;
      // One that cannot be read keeps nobody else's from being renewed.
      const report = await reportOf(system, id).catch((cause: unknown) => {
        run.warn(`the certificate of the site ${id} cannot be read`, cause);
        return null;
      });
      if (report === null) continue;
      certificates.push(report);
      octets += JSON.stringify(report).length;
      if (octets > MOST_OCTETS) return { certificates, next: id };
    }
    return { certificates, next: null };
  };
}

async function reportOf(system: System, id: DomainId): Promise<CertificateReport | null> {
  const site = await system.registry.read(id);
  if (site === null || site.removedAt !== null) return null;
  const part = (await system.parts.list(site.id)).find(({ type }) => type === 'certificate');
  if (part === undefined) return null;
  const held = await system.certificates.read(site.id);
  const served = held === null ? null : await servedAs(system, held, site);
  // What is shown is renewed, whatever else was asked for and did not come about.
  const due = held === null || served === null ? null : dueOf(held, site, system.now());
  return { part: part.id, site: site.id, served, due };
}

/** What was brought along is its owner's to renew. */
function dueOf(held: HeldCertificate, { names }: SiteEntry, now: Date): RenewalReason | null {
  if (held.kind === 'custom') return null;
  if (endsSoon(held, now)) return 'ends';
  return sameNames(held, names) ? null : 'names';
}
