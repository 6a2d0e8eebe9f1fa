import { createHash } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import type { Seen } from './probe-request.ts';

const PATIENCE_MS = 5000;

/** What a visitor who asks for that host is shown, on a connection of its own. Never throws. */
export function askCertificate(socketPath: string, host: string): Promise<Seen> {
  return new Promise((resolve) => {
    // Whether anybody vouches for it is not the question here.
    const asking = connect({ path: socketPath, servername: host, rejectUnauthorized: false }, () => {
      const seen = fingerprintOf(asking);
      asking.destroy();
      resolve(seen === null ? { answer: 'silent' } : { answer: 'certificate', fingerprint: seen });
    });
    asking.on('error', () => resolve({ answer: 'silent' }));
    asking.setTimeout(PATIENCE_MS, () => asking.destroy(new Error('late')));
  });
}

/** Of the octets themselves: what else a tenant's certificate says is not read here. */
function fingerprintOf(asking: TLSSocket): string | null {
  try {
    const { raw } = asking.getPeerCertificate();
    return createHash('sha256').update(raw).digest('hex');
  } catch {
    return null;
  }
}
