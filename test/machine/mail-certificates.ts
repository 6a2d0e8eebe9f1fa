import { must } from './server.ts';

/** The name of the mail host, and where its key and certificate lie. */
export const NAME = 'mailhost.example';
export const TLS = '/run/mail-test';

/** The certificate's authority is one that the server's administrator has added, as Debian has it. */
export function makeCertificates(): void {
  must('mkdir', ['-p', TLS]);
  const ca = ['-keyout', `${TLS}/ca.key`, '-out', '/usr/local/share/ca-certificates/mail-test.crt'];
  must('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=test',
    ...ca,
  ]);
  must('openssl', [
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    `/CN=${NAME}`,
    '-keyout',
    `${TLS}/host.key`,
    '-out',
    `${TLS}/csr`,
  ]);
  must('tee', [`${TLS}/san`], `subjectAltName=DNS:${NAME}\n`);
  const by = [
    '-CA',
    '/usr/local/share/ca-certificates/mail-test.crt',
    '-CAkey',
    `${TLS}/ca.key`,
    '-CAcreateserial',
  ];
  must('openssl', [
    'x509',
    '-req',
    '-in',
    `${TLS}/csr`,
    ...by,
    '-days',
    '2',
    '-extfile',
    `${TLS}/san`,
    '-out',
    `${TLS}/host.crt`,
  ]);
  must('update-ca-certificates', []);
}
