import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, rootCertificates } from 'node:tls';
import type { SecureContext } from 'node:tls';

/** As the distribution keeps them, so that what an administrator adds there counts. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** Whom to believe about the names of receivers, read anew when the file has changed. */
export function createTrust(path = AUTHORITIES): () => Promise<SecureContext> {
  let known: { readonly at: number; readonly context: SecureContext } | undefined;
  return async () => {
    const at = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    if (known?.at !== at) known = { at, context: await read(path) };
    return known.context;
  };
}

async function read(path: string): Promise<SecureContext> {
  const ca = await readFile(path, 'utf8').catch(() => [...rootCertificates]);
  return createSecureContext({ ca, minVersion: 'TLSv1.2' });
}
