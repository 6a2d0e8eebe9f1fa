import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { warning, wrong, type Check, type Found } from './finding.ts';
import { siteCertificates } from './site-certificates.ts';

const CERTIFICATE = '/etc/sculptor/tls/server.crt';
const KEY = '/etc/sculptor/tls/server.key';
const DAY_MS = 86_400_000;
const SOON_DAYS = 20;

/** Of the server's own name, and those of sites. That the key is root's alone, the check of files says. */
export const certificates: Check = async (server) => {
  const { serverName } = await server.config();
  const certificate = new X509Certificate(readFileSync(CERTIFICATE));
  const key = createPrivateKey(readFileSync(KEY));
  return [
    ...inDate(certificate, server.now()),
    ...(certificate.checkPrivateKey(key)
      ? []
      : [wrong(`${KEY} is not the key of ${CERTIFICATE}.`, 'Put both in place again, then reload nginx.')]),
    ...(await siteCertificates(server)),
    ...(certificate.checkHost(serverName) === undefined
      ? [warning(`${CERTIFICATE} is not for ${serverName}, the name of this server.`, mend)]
      : []),
  ];
};

const mend =
  'Put another in its place and reload nginx; scripts/install.sh --yes makes a new one of its own making.';

export function inDate(
  { validFrom, validTo }: Pick<X509Certificate, 'validFrom' | 'validTo'>,
  now: Date,
): readonly Found[] {
  const left = (Date.parse(validTo) - now.getTime()) / DAY_MS;
  if (left < 0) return [wrong(`${CERTIFICATE} has ended on ${day(validTo)}.`, mend)];
  if (Date.parse(validFrom) > now.getTime())
    return [wrong(`${CERTIFICATE} begins on ${day(validFrom)} only.`, mend)];
  return left < SOON_DAYS
    ? [warning(`${CERTIFICATE} ends on ${day(validTo)}, in ${Math.floor(left)} days.`, mend)]
    : [];
}

function day(text: string): string {
  return new Date(text).toISOString().slice(0, 10);
}
