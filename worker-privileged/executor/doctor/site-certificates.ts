import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { daysLeft, Fingerprint, WARN_DAYS } from '../../../contract/certificates.ts';
import { paths } from '../system/paths.ts';
import { warning, wrong, type Found } from './finding.ts';
import { walk } from './loose.ts';
import { ownerOf } from './people.ts';
import type { Server } from './server.ts';
import { standing, type Standing } from './standing.ts';

/** What the API seals for is what root opens; each site shows a whole pair, which nginx's workers alone read. */
export async function siteCertificates(server: Server): Promise<readonly Found[]> {
  const [people, { entries }] = [await server.people(), await server.registry()];
  return [
    ...sealKey(),
    ...walk(paths.certificates).flatMap(([path, stats]) => {
      const should = stats.isDirectory() ? '2750' : '640';
      const is = `${ownerOf(people, stats)} ${(stats.mode & 0o7777).toString(8)}`;
      return is === `root:nginx ${should}` ? [] : [loose(path, is, should)];
    }),
    ...standing(entries).flatMap((site) => shownBy(site, server.now())),
  ];
}

function loose(path: string, is: string, should: string): Found {
  const mend = `Run chown root:nginx ${path}; chmod ${should} ${path}.`;
  return wrong(`${path} is ${is} and should be root:nginx ${should}.`, mend);
}

function sealKey(): readonly Found[] {
  const mend = `Take ${paths.sealKey} from a backup, then run scripts/install.sh --yes.`;
  try {
    const key = createPublicKey(createPrivateKey(readFileSync(paths.sealKey)));
    const der = key.export({ type: 'spki', format: 'der' }).toString('base64');
    const config = JSON.parse(readFileSync(paths.agentConfig, 'utf8')) as { readonly sealKey?: unknown };
    if (config.sealKey === der) return [];
    return [wrong(`What the API seals private keys for is not ${paths.sealKey}.`)];
  } catch {
    return [wrong(`${paths.sealKey} is not there, or is no key.`, mend)];
  }
}

function shownBy({ id, name }: Standing, now: Date): readonly Found[] {
  const link = paths.siteFile(id, 'tls');
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) return [];
  const mend = `Run sculptorctl certificate renew ${name}, or set it anew.`;
  try {
    const target = readlinkSync(link);
    const fingerprint = Fingerprint.parse(target.slice(target.lastIndexOf('/') + 1));
    if (target !== `../../certificates/${id}/${fingerprint}`)
      return [wrong(`${link} leads to ${target}.`, mend)];
    const certificate = new X509Certificate(readFileSync(paths.certificateChain(id, fingerprint)));
    const key = createPrivateKey(readFileSync(paths.certificateKey(id, fingerprint)));
    if (!certificate.checkPrivateKey(key))
      return [wrong(`The key of ${name}'s certificate is not its own.`, mend)];
    const days = daysLeft(certificate.validTo, now);
    if (days >= WARN_DAYS) return [];
    const when = days < 0 ? 'has ended' : `ends in ${days} days`;
    return [warning(`The certificate of ${name} ${when}.`, mend)];
  } catch {
    return [wrong(`The certificate of ${name} cannot be read.`, mend)];
  }
}
