import { makeHostCertificate } from './host-certificate.ts';

/** The name of the mail host, and where its key and certificate lie. */
export const NAME = 'mailhost.example';
export const TLS = '/run/mail-test';

export function makeCertificates(): void {
  makeHostCertificate({ folder: TLS, authority: 'mail-test', names: [NAME] });
}
