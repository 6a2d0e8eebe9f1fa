import { createHash, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { CertificateKind, Fingerprint, LeftOut } from '../../../contract/certificates.ts';
import { DomainName } from '../../../contract/names.ts';
import { DomainId, Generation } from '../../../contract/ids.ts';
import { FailureError } from '../../../contract/failures.ts';
import { unseal, type Sealed } from '../../../contract/sealing.ts';
import type { Undo } from '../ensure.ts';
import { inTurn } from '../in-turn.ts';
import type { Accounts } from './accounts.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { nginxGroup } from './nginx-group.ts';
import { paths } from './paths.ts';

/** What root remembers of the certificate that a site has now. */
const Facts = z.strictObject({
  kind: CertificateKind.exclude(['none']),
  fingerprint: Fingerprint,
  /** The names of the site that it was made for, as far as it could be. */
  asked: z.array(DomainName),
  leftOut: z.array(LeftOut),
  /** The version of what was asked for that it was made for last. */
  generation: Generation,
});
export type CertificateFacts = z.infer<typeof Facts>;

export type HeldCertificate = CertificateFacts & {
  readonly certificate: X509Certificate;
  /** As it is shown, in PEM. */
  readonly chain: string;
};

/** A certificate that is to be the site's, PEM. */
export type NewCertificate = Omit<CertificateFacts, 'fingerprint'> & {
  readonly chain: string;
  readonly key: string;
};

/**
 * Certificates of sites. Each lies in a folder of its own that only nginx's workers read, which load them when a visitor
 * comes; a link of the site leads to the one that is served.
 */
export type Certificates = {
  /** Null where there is none, or what there was is not whole. */
  readonly read: (site: DomainId) => Promise<HeldCertificate | null>;
  /** What of its files is not as it was put there; null where all is, or there is none. */
  readonly lookWhole: (site: DomainId) => Promise<string | null>;
  readonly write: (site: DomainId, wanted: NewCertificate) => Promise<Undo>;
  readonly served: (site: DomainId) => Promise<Fingerprint | null>;
  readonly serve: (site: DomainId, fingerprint: Fingerprint | null) => Promise<Undo>;
  /** Those that the site had before. */
  readonly former: (site: DomainId) => Promise<readonly string[]>;
  readonly removeFormer: (site: DomainId) => Promise<void>;
  /** The sites that have one, in order. */
  readonly list: () => Promise<readonly DomainId[]>;
  readonly isKnown: (site: DomainId) => Promise<boolean>;
  readonly forget: (site: DomainId) => Promise<void>;
  /** Throws `invalid_request` where it was not sealed for this server, about that. */
  readonly unseal: (sealed: Sealed, about: string) => Promise<Buffer>;
};

type Tools = {
  readonly files: Files;
  readonly folders: Pick<Folders, 'look' | 'list' | 'ensure' | 'remove'>;
  readonly accounts: Pick<Accounts, 'findGroup'>;
};

export function createCertificates({ files, folders, accounts }: Tools): Certificates {
  // What is made in it has its group: nginx's workers come by.
  const folderFor = async () => ({ uid: 0, gid: await nginxGroup(accounts), mode: 0o2750 });
  const readFacts = async (site: DomainId) => {
    const text = await files.read(paths.certificateFacts(site));
    return text === null ? null : Facts.parse(JSON.parse(text));
  };
  const isKnown = async (site: DomainId) => (await folders.look(paths.certificate(site))) !== null;
  const former = async (site: DomainId) => {
    if (!(await isKnown(site))) return [];
    const facts = await readFacts(site);
    const all = await folders.list(paths.certificate(site));
    return all.filter((name) => Fingerprint.safeParse(name).success && name !== facts?.fingerprint);
  };
  return {
    isKnown,
    list: async () => {
      if ((await folders.look(paths.certificates)) === null) return [];
      const names = await folders.list(paths.certificates);
      return names.flatMap((name) => DomainId.safeParse(name).data ?? []).sort();
    },
    former,
    read: async (site) => {
      if (!(await isKnown(site))) return null;
      const facts = await readFacts(site);
      if (facts === null) return null;
      const chain = await files.read(paths.certificateChain(site, facts.fingerprint));
      const key = await files.read(paths.certificateKey(site, facts.fingerprint));
      if (chain === null || key === null) return null;
      return { ...facts, certificate: new X509Certificate(chain), chain };
    },
    lookWhole: async (site) => {
      if (!(await isKnown(site))) return null;
      const facts = await readFacts(site);
      if (facts === null) return null;
      const [chainPath, keyPath] = [paths.certificateChain, paths.certificateKey].map((path) =>
        path(site, facts.fingerprint),
      ) as [string, string];
      const [chain, key] = [await files.read(chainPath), await files.read(keyPath)];
      if (chain === null || key === null) return 'its certificate, or the key of that, is gone';
      if (!isPair(facts.fingerprint, chain, key)) return 'its certificate, or the key of that, is another';
      return (await files.stray(chainPath, 0o640)) ?? files.stray(keyPath, 0o640);
    },
    write: async (site, { chain, key, ...rest }) => {
      const fingerprint = fingerprintOf(new X509Certificate(chain));
      const folder = await folderFor();
      const facts: CertificateFacts = { ...rest, fingerprint };
      return inTurn([
        () => folders.ensure(paths.certificates, folder),
        () => folders.ensure(paths.certificate(site), folder),
        () => folders.ensure(paths.certificateOf(site, fingerprint), folder),
        () => files.replace(paths.certificateChain(site, fingerprint), chain, 0o640),
        () => files.replace(paths.certificateKey(site, fingerprint), key, 0o640),
        () => files.replace(paths.certificateFacts(site), `${JSON.stringify(facts)}\n`, 0o640),
      ]);
    },
    served: async (site) => {
      const link = await files.readLink(paths.siteFile(site, 'tls'));
      const found = Fingerprint.safeParse(link?.slice(link.lastIndexOf('/') + 1)).data ?? null;
      // One that leads to another site's is none of its own.
      return found !== null && link === servedFrom(site, found) ? found : null;
    },
    serve: (site, fingerprint) => {
      const path = paths.siteFile(site, 'tls');
      if (fingerprint === null) return files.remove(path);
      return files.link(path, servedFrom(site, fingerprint));
    },
    removeFormer: async (site) => {
      for (const name of await former(site))
        await folders.remove(paths.certificateOf(site, Fingerprint.parse(name)));
    },
    forget: (site) => folders.remove(paths.certificate(site)),
    unseal: async (sealed, about) => {
      const pem = await files.read(paths.sealKey);
      if (pem === null) throw noSealKey();
      return opened(createPrivateKey(pem), sealed, about);
    },
  };
}

/** Where a site's link to its certificate leads. */
export function servedFrom(site: DomainId, fingerprint: Fingerprint): string {
  return `../../certificates/${site}/${fingerprint}`;
}

function isPair(fingerprint: Fingerprint, chain: string, key: string): boolean {
  try {
    const certificate = new X509Certificate(chain);
    return fingerprintOf(certificate) === fingerprint && certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

export function fingerprintOf(certificate: X509Certificate): Fingerprint {
  return Fingerprint.parse(createHash('sha256').update(certificate.raw).digest('hex'));
}

function opened(key: KeyObject, sealed: Sealed, about: string): Buffer {
  try {
    return unseal(key, sealed, about);
  } catch {
    throw new FailureError(
      'invalid_request',
      'The private key was not sealed for this site on this server.',
      'Put the certificate anew, with its key.',
    );
  }
}

function noSealKey(): FailureError {
  return new FailureError(
    'server_broken',
    'The key that private keys are sealed for is not there.',
    'Take it from a backup, or run the installation on the server again and put the certificates anew.',
  );
}
