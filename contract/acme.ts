import { z } from 'zod';

const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';

/** Where a certificate authority tells what it offers. It is a line of certbot's settings too: nothing in it means more there. */
export const AcmeDirectory = z
  .string()
  .max(200)
  .regex(
    new RegExp(`^https://${label}(?:\\.${label})*(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]{1,100})*/?$`),
    'an address that begins with https://, without user, query or fragment',
  )
  .meta({ examples: ['https://acme-v02.api.letsencrypt.org/directory'] });

/** Whom the authority writes to. */
export const AcmeEmail = z
  .string()
  .max(200)
  .regex(new RegExp(`^[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,63})@${label}(?:\\.${label})+$`), 'an address of mail')
  .meta({ examples: ['admin@host.example'] });

/** What root sets for certificates by ACME: written by root's command, read by the executor at each use. */
export const AcmeSettings = z.strictObject({
  directory: AcmeDirectory,
  email: AcmeEmail,
});
export type AcmeSettings = z.infer<typeof AcmeSettings>;

export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';
