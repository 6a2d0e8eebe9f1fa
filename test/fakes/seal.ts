import { generateKeyPairSync } from 'node:crypto';
import { SealKey } from '../../contract/sealing.ts';

/** What an installation makes: the private half is root's, the public one the API's. */
const pair = generateKeyPairSync('x25519');
export const SEAL = {
  privateKey: pair.privateKey,
  pem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  publicKey: SealKey.parse(pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')),
} as const;
