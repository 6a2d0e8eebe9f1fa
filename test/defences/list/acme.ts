import type { Defence } from '../defence.ts';

const ACME = 'test/unit/executor/acme.test.ts';
const ORDERS = 'test/unit/executor/orders.test.ts';

/** Certificates by ACME: what certbot gets, and what it can leave behind. */
export const ACME_DEFENCES: readonly Defence[] = [
  {
    name: 'a request, and no key, for certbot',
    against: 'keys in the hands of whoever takes over what speaks with the internet',
    change: {
      file: 'worker-privileged/executor/system/acme.ts',
      from: "'request.pem': request }",
      to: "'request.pem': request + key }",
    },
    noticed: {
      file: ACME,
      test: 'what is asked is for certbot to read, what it answers is a file of root’s, and the key is in neither',
    },
  },
  {
    name: 'settings of certbot that are one word each',
    against: 'a hook that root would never have set',
    change: {
      file: 'worker-privileged/executor/render/certbot.ts',
      from: '/^[A-Za-z0-9._~:/@+-]{1,200}$/',
      to: '/^/',
    },
    noticed: { file: ACME, test: /no setting of certbot is more than one word/ },
  },
  {
    name: 'names that are tried first',
    against: 'a certificate that fails as a whole, and an authority that tires of this server',
    change: {
      file: 'worker-privileged/executor/system/acme-answers.ts',
      from: "found === 'here' ?",
      to: "found !== '' ?",
    },
    noticed: {
      file: ACME,
      test: 'each name is tried first, and certbot is asked for a certificate of those that lead here',
    },
  },
  {
    name: 'a certificate for the key that was asked for',
    against: 'a site that serves whatever certbot’s user likes',
    change: {
      file: 'worker-privileged/executor/system/acme.ts',
      from: 'if (fault !== undefined) throw',
      to: 'if (fault !== undefined && !fault.message) throw',
    },
    noticed: { file: ACME, test: 'acme_refused, where the certificate is for another key' },
  },
  {
    name: 'root counts what an authority is asked for',
    against: 'a tenant who uses up what the authority gives to the account of all',
    change: {
      file: 'worker-privileged/executor/system/orders.ts',
      from: 'requireRoomFor(order, { counted, limits: most, now: now() });',
      to: '',
    },
    noticed: {
      file: ORDERS,
      test: 'a quarter more is kept for renewals that are due, and no more than that',
    },
  },
  {
    name: 'room for renewals that are due',
    against: 'a thief of the API who asks for certificates until none is left to renew with',
    change: {
      file: 'worker-privileged/executor/system/order-rules.ts',
      from: '(order.due ? RESERVE : 1)',
      to: 'RESERVE',
    },
    noticed: {
      file: ORDERS,
      test: 'a quarter more is kept for renewals that are due, and no more than that',
    },
  },
  {
    name: 'no links where every site answers authorities from',
    against: 'certbot’s user who has nginx read him what nginx may',
    change: {
      file: 'systemd/nginx/parts/serve.conf',
      from: 'disable_symlinks on from=/var/lib/sculptor-acme/webroot;',
      to: 'disable_symlinks off;',
    },
    noticed: {
      file: 'test/attack/acme.test.ts',
      test: 'row 12: nginx follows no link that certbot was made to leave, and never looks into the site',
    },
  },
  {
    name: 'a folder of challenges that only certbot writes',
    against: 'a site that answers an authority for its neighbour',
    change: {
      file: 'scripts/install/accounts.sh',
      from: 'acme-challenge 0771 root:sculptor-acme',
      to: 'acme-challenge 0777 root:sculptor-acme',
    },
    noticed: {
      file: 'test/attack/acme.test.ts',
      test: 'row 12: nobody but certbot puts anything where every site answers from, or lists what is there',
    },
  },
];
