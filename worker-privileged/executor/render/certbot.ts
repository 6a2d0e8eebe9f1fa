import type { AcmeSettings } from '../../../contract/acme.ts';
import { paths } from '../system/paths.ts';
import { RenderError } from './plain.ts';

/** Certbot's settings: all that it is told, but for the request and where the certificate goes. */
export function renderCertbot({ directory, email }: AcmeSettings): string {
  return `# Written by the agent.
server = ${oneWord(directory)}
email = ${oneWord(email)}
agree-tos = true
no-eff-email = true
non-interactive = true
authenticator = webroot
webroot-path = ${paths.webroot}
config-dir = ${paths.acmeOwn}/config
work-dir = ${paths.acmeOwn}/work
logs-dir = ${paths.acmeOwn}/logs
max-log-backups = 10
`;
}

/** A space, a quote or a bracket would make more than one of it, and `#` an end. */
function oneWord(value: string): string {
  if (!/^[A-Za-z0-9._~:/@+-]{1,200}$/.test(value)) throw new RenderError('a setting of certbot');
  return value;
}
