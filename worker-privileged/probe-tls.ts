import { connect } from 'node:tls';
import type { Seen } from './probe-request.ts';

const PATIENCE_MS = 5000;

/** What a visitor who asks for that host is shown, on a connection of its own. Never throws. */
export function askCertificate(socketPath: string, host: string): Promise<Seen> {
  return new Promise((resolve) => {
    // Whether anybody vouches for it is not the question here.
    const asking = connect({ path: socketPath, servername: host, rejectUnauthorized: false }, () => {
      const { fingerprint256 } = asking.getPeerCertificate();
      asking.destroy();
      resolve({ answer: 'certificate', fingerprint: fingerprint256.replaceAll(':', '').toLowerCase() });
    });
    asking.on('error', () => resolve({ answer: 'silent' }));
    asking.setTimeout(PATIENCE_MS, () => asking.destroy(new Error('late')));
  });
}
