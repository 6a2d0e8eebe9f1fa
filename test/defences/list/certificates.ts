import type { Defence } from '../defence.ts';

const ROOT = 'test/unit/executor/certificates.test.ts';
const KEEPING = 'test/integration/worker/certificates.test.ts';
const NO_SITE = 'whoever has the API keeps no site from renewal';
const SHOWN =
  'row 38: over TLSv1.3 nobody is served another site than that of the handshake, in a new session or an old one';

/** What keeps certificates and their keys with the site that they are for. */
export const CERTIFICATES: readonly Defence[] = [
  {
    name: 'sealed for one site',
    against: "a thief of the API who plays one site's private key to another",
    change: {
      file: 'contract/certificates.ts',
      from: 'return `certificate of ${site}`',
      to: 'return `certificate of ${site.slice(12)}`',
    },
    noticed: {
      file: ROOT,
      test: 'one sealed for another site is refused by root too, and nothing is changed',
    },
  },
  {
    name: 'root looks at a certificate again',
    against: 'a thief of the API who has a certificate put that it would have refused',
    change: {
      file: 'worker-privileged/executor/verbs/certificates.ts',
      from: "if (spec.kind === 'custom' && before?.generation !== generation)",
      to: "if (spec.kind === 'custom' && false as boolean)",
    },
    noticed: { file: ROOT, test: 'one for other names is refused by root too, and nothing is changed' },
  },
  {
    name: 'nothing worse from an authority',
    against: 'a renewal that leaves names without a certificate',
    change: {
      file: 'worker-privileged/executor/verbs/site-parts/authority.ts',
      from: 'return loses || (kind',
      to: 'return (kind',
    },
    noticed: {
      file: ROOT,
      test: 'from an authority one for fewer names does not take the place of a better one, unless that ends',
    },
  },
  {
    name: 'renewals by what root holds',
    against: 'a thief of the API who keeps a site from renewal by operations that fail',
    change: {
      file: 'state/certificates.ts',
      from: 'o.started_at > UTC_TIMESTAMP(3)',
      to: 'o.created_at > UTC_TIMESTAMP(3)',
    },
    noticed: { file: KEEPING, test: `${NO_SITE} by a renewal that cannot be carried out` },
  },
  {
    name: 'a number for a renewal, whatever was written',
    against: 'a thief of the API who takes the number of the next version for another type',
    change: {
      file: 'state/claims.ts',
      from: 'SELECT COUNT(*) AS count FROM ${numbersOf(type)}',
      to: 'SELECT COUNT(*) AS count FROM ${VERSIONS[type]}',
    },
    noticed: { file: KEEPING, test: `${NO_SITE} by one of another type under its id` },
  },
  {
    name: 'losing TLS counts',
    against: 'a thief who takes TLS from every site at once',
    change: {
      file: 'worker-privileged/executor/verbs/certificates.ts',
      from: 'const destroys = await losesTrust(system, site.id, spec.kind);',
      to: 'const destroys = false as boolean;',
    },
    noticed: { file: ROOT, test: 'as many lose theirs in an hour as may be, and no more' },
  },
  {
    name: 'the host of the handshake',
    against: 'a request for one site over a connection to another',
    change: {
      file: 'systemd/nginx/parts/site.conf',
      from: 'if ($sculptor_misdirected) {',
      to: 'if ($sculptor_nothing) {',
    },
    noticed: { file: 'test/attack/certificates.test.ts', test: SHOWN },
  },
];
