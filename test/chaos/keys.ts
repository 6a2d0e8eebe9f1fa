import { createHash } from 'node:crypto';
import type { Random } from './random.ts';

/** A public key for ssh that nobody has the private one of; the same for the same seed. */
export function publicKey(random: Random): string {
  const point = createHash('sha256').update(random.name('')).digest();
  const field = (content: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, content]);
  };
  const blob = Buffer.concat([field(Buffer.from('ssh-ed25519')), field(point)]);
  return `ssh-ed25519 ${blob.toString('base64')}`;
}
