import { createPrivateKey } from 'node:crypto';
import { certificateFaults, certificatesOf } from '../../../../contract/certificate-checks.ts';
import {
  keyOfSite,
  RENEW_DAYS,
  daysLeft,
  type CustomCertificate,
} from '../../../../contract/certificates.ts';
import { FailureError } from '../../../../contract/failures.ts';
import type { DomainId } from '../../../../contract/ids.ts';
import type { Step } from '../../ensure.ts';
import { pemOf, renderSelfSigned } from '../../render/self-signed.ts';
import { servedFrom, type HeldCertificate } from '../../system/certificates.ts';
import { paths } from '../../system/paths.ts';
import type { System } from '../../system/system.ts';
import type { PartKind, Placed } from './kind.ts';

type At = Placed<'certificate'>;
type Tools = Pick<System, 'certificates' | 'now'>;

/** What is shown to the site's visitors over TLS, whether it is switched off or not. */
export const CERTIFICATE: PartKind<'certificate'> = {
  whileDisabled: true,
  whileSuspended: true,
  inPool: true,
  letsIn: () => false,
  on: (system, at) => [
    ...made(system, at),
    at.part.spec.kind === 'none' ? shownNoMore(system, at) : shown(system, at),
  ],
  // What was made is kept for when the site comes back.
  off: (system, at) => [shownNoMore(system, at)],
  gone: (system, at) => [shownNoMore(system, at), forgotten(system, at)],
};

/** One from an authority is asked for by a verb of its own: a site does not wait for others to come back. */
function made(system: System, at: At): readonly Step[] {
  const { spec } = at.part;
  if (spec.kind === 'self-signed') return [selfSigned(system, at)];
  return spec.kind === 'custom' ? [custom(system, at, spec)] : [];
}

const SELF_SIGNED_DAYS = 397;
const HOUR_MS = 3_600_000;

/** Anew where the names are others, or its end is near; `again` asks for another whatever stands. */
export function selfSigned({ certificates, now }: Tools, { site, part }: At, again = false): Step {
  return {
    name: 'make a certificate',
    look: async () => {
      const broken = await certificates.lookWhole(site.id);
      if (broken !== null) return broken;
      const held = await certificates.read(site.id);
      if (held?.kind !== 'self-signed') return 'there is none of that kind';
      if (!sameNames(held, site.names)) return 'it is for other names';
      if (again && held.generation < part.generation) return 'another is asked for';
      return endsSoon(held, now()) ? 'it ends soon' : null;
    },
    change: async () => {
      const notBefore = new Date(now().getTime() - HOUR_MS);
      const notAfter = new Date(notBefore.getTime() + SELF_SIGNED_DAYS * 24 * HOUR_MS);
      const pair = renderSelfSigned({ id: site.id, names: site.names, notBefore, notAfter });
      const { generation } = part;
      return certificates.write(site.id, {
        ...{ ...pair, kind: 'self-signed', asked: [...site.names], leftOut: [], generation },
      });
    },
  };
}

/** The one that was brought; what was said of it when it was is not asked again. */
function custom({ certificates }: Tools, { site, part }: At, spec: CustomCertificate): Step {
  const chain = spec.chain.map((der) => pemOf('CERTIFICATE', Buffer.from(der, 'base64'))).join('');
  return {
    name: 'put the certificate in place',
    look: async () => {
      const broken = await certificates.lookWhole(site.id);
      if (broken !== null) return broken;
      const held = await certificates.read(site.id);
      if (held?.kind !== 'custom' || held.chain !== chain) return 'there is another, or none';
      return sameNames(held, site.names) ? null : 'the names are others';
    },
    change: async () => {
      const key = await certificates.unseal(spec.sealedKey, keyOfSite(site.id));
      return certificates.write(site.id, {
        ...{ chain, key: pemOf('PRIVATE KEY', key), kind: 'custom', asked: [...site.names] },
        // Which names it is not for is seen from itself.
        ...{ leftOut: [], generation: part.generation },
      });
    },
  };
}

/** All that the API looked at, looked at again. */
export async function admitCustom(
  { certificates, now }: Tools,
  { id, names }: At['site'],
  spec: CustomCertificate,
): Promise<void> {
  const chain = certificatesOf(spec.chain);
  if (chain === undefined) throw refusedFor('A certificate in the chain cannot be read.');
  const key = keyIn(await certificates.unseal(spec.sealedKey, keyOfSite(id)));
  const [fault] = certificateFaults({ chain, key, names, now: now() });
  if (fault !== undefined) throw refusedFor(fault.message);
}

function keyIn(der: Buffer) {
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    throw refusedFor('What was sealed is no private key.');
  }
}

function refusedFor(why: string): FailureError {
  return new FailureError('invalid_request', why, 'Put another certificate; nothing was changed.');
}

/** What is held is shown, of whatever kind: where another was asked for and did not come, the former serves on. */
export function shown({ certificates }: Pick<System, 'certificates'>, { site }: At): Step {
  return {
    name: 'show the certificate',
    files: async () => {
      const fingerprint = (await certificates.read(site.id))?.fingerprint;
      if (fingerprint === undefined) return [];
      return [{ path: paths.siteFile(site.id, 'tls'), link: servedFrom(site.id, fingerprint) }];
    },
    look: async () => {
      const held = await certificates.read(site.id);
      return (await certificates.served(site.id)) === (held?.fingerprint ?? null) ? null : 'another is shown';
    },
    change: async () => certificates.serve(site.id, (await certificates.read(site.id))?.fingerprint ?? null),
  };
}

/**
 * Of one from an authority nobody else can make another: it is renewed when somebody asks for that, and its site goes on
 * with what there is. So this is looked at, and is no step of the site's own.
 */
export function whole({ certificates }: Pick<System, 'certificates'>, site: DomainId): Step {
  return {
    name: 'keep its certificate whole',
    look: () => certificates.lookWhole(site),
    change: () => {
      throw new FailureError(
        'not_ready',
        'The certificate on the server is not the one that was put there.',
        'Have it renewed, or put another in its place.',
      );
    },
  };
}

function shownNoMore({ certificates }: Pick<System, 'certificates'>, { site }: At): Step {
  return {
    name: 'show no certificate',
    look: async () => ((await certificates.served(site.id)) === null ? null : 'one is shown'),
    change: () => certificates.serve(site.id, null),
  };
}

/** Nobody is shown them any more. */
export function formerRemoved({ certificates }: Pick<System, 'certificates'>, { site }: At): Step {
  return {
    name: 'remove former certificates',
    look: async () => ((await certificates.former(site.id)).length === 0 ? null : 'there are former ones'),
    change: async () => {
      await certificates.removeFormer(site.id);
      return null;
    },
  };
}

export function forgotten({ certificates, acme }: Pick<System, 'certificates' | 'acme'>, { site }: At): Step {
  return {
    name: 'remove its certificates',
    look: async () => {
      if (await certificates.isKnown(site.id)) return 'there are certificates';
      return (await acme.isAsked(site.id)) ? 'an authority was asked for one' : null;
    },
    change: async () => {
      await acme.forget(site.id);
      await certificates.forget(site.id);
      return null;
    },
  };
}

export function sameNames({ asked }: Pick<HeldCertificate, 'asked'>, names: readonly string[]): boolean {
  return JSON.stringify([...asked].sort()) === JSON.stringify([...names].sort());
}

/** Of one that is short, in the last third of its time. */
export function endsSoon({ certificate }: Pick<HeldCertificate, 'certificate'>, now: Date): boolean {
  const whole = daysLeft(certificate.validTo, new Date(certificate.validFrom));
  return daysLeft(certificate.validTo, now) < Math.min(RENEW_DAYS, whole / 3);
}
