import { must } from './server.ts';

export type HostCertificate = {
  /** Where `host.key` and `host.crt` come to lie. */
  readonly folder: string;
  /** The authority's name among those that the server's administrator has added, as Debian has them. */
  readonly authority: string;
  readonly names: readonly [string, ...string[]];
};

/** Of an authority of its own, which this server trusts from then on. */
export function makeHostCertificate({ folder, authority, names }: HostCertificate): void {
  must('mkdir', ['-p', folder]);
  const ca = `/usr/local/share/ca-certificates/${authority}.crt`;
  const [key, request, san] = [`${folder}/ca.key`, `${folder}/csr`, `${folder}/san`];
  const made = ['req', '-newkey', 'rsa:2048', '-nodes'];
  must('openssl', [...made, '-x509', '-days', '2', '-subj', `/CN=${authority}`, '-keyout', key, '-out', ca]);
  must('openssl', [...made, '-subj', `/CN=${names[0]}`, '-keyout', `${folder}/host.key`, '-out', request]);
  must('tee', [san], `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\n`);
  const by = ['-CA', ca, '-CAkey', key, '-CAcreateserial', '-days', '2', '-extfile', san];
  must('openssl', ['x509', '-req', '-in', request, ...by, '-out', `${folder}/host.crt`]);
  must('update-ca-certificates', []);
}
