import type { Preparing, Scenario } from '../scenario.ts';
import { site } from './domains.ts';

const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmFy0qwHfPwUUrsNEvgaNxvi7NkRUC2F3WS3b0fC3yR';

async function key(it: Preparing): Promise<string> {
  const path = `${await site(it)}/keys`;
  await it.done({ method: 'POST', path, body: { name: 'mine', publicKey } });
  return `${path}/mine`;
}

/** All caches together have a part of the server's memory. */
const SMALL = { memoryBytes: 2 ** 20 };

async function cache(it: Preparing): Promise<string> {
  const path = `${await site(it)}/cache`;
  await it.done({ method: 'POST', path, body: SMALL });
  return path;
}

async function certificate(it: Preparing, kind = 'self-signed'): Promise<string> {
  const path = `${await site(it)}/certificate`;
  await it.done({ method: 'PUT', path, body: { kind } });
  return path;
}

export const OF_PARTS: readonly Scenario[] = [
  {
    kind: 'key.create',
    prepare: async (it) => ({
      method: 'POST',
      path: `${await site(it)}/keys`,
      body: { name: 'mine', publicKey },
    }),
  },
  { kind: 'key.delete', prepare: async (it) => ({ method: 'DELETE', path: await key(it) }) },
  {
    kind: 'cache.create',
    prepare: async (it) => ({ method: 'POST', path: `${await site(it)}/cache`, body: SMALL }),
  },
  {
    kind: 'cache.update',
    prepare: async (it) => ({ method: 'PATCH', path: await cache(it), body: { memoryBytes: 2 ** 21 } }),
  },
  {
    kind: 'cache.rotate',
    prepare: async (it) => ({ method: 'POST', path: `${await cache(it)}/rotate-password` }),
  },
  { kind: 'cache.delete', prepare: async (it) => ({ method: 'DELETE', path: await cache(it) }) },
  {
    kind: 'certificate.create',
    prepare: async (it) => ({
      method: 'PUT',
      path: `${await site(it)}/certificate`,
      body: { kind: 'self-signed' },
    }),
  },
  {
    kind: 'certificate.update',
    prepare: async (it) => ({
      method: 'PUT',
      path: await certificate(it, 'none'),
      body: { kind: 'self-signed' },
    }),
  },
  {
    kind: 'certificate.renew',
    prepare: async (it) => ({ method: 'POST', path: `${await certificate(it)}/renew` }),
  },
  { kind: 'certificate.delete', prepare: async (it) => ({ method: 'DELETE', path: await certificate(it) }) },
];
