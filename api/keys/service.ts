import { createHash } from 'node:crypto';
import type { ServerId } from '../../contract/ids.ts';
import type { Key } from '../../contract/site-parts.ts';
import type { State } from '../../state/connection.ts';
import { createPartService } from '../site-parts/service.ts';
import type { PartService, PartView } from '../site-parts/service.ts';
import type { Write } from '../writer.ts';

export interface KeyServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
}

/** Public keys with which a site's files come in. */
export function createKeyService(parts: KeyServiceParts): PartService<'key'> {
  return createPartService({
    ...parts,
    type: 'key',
    kinds: { create: 'key.create', delete: 'key.delete' },
    present: (_sql, keys) => Promise.resolve(keys.map(withFingerprint)),
  });
}

function withFingerprint(key: PartView<'key'>): Key {
  const blob = Buffer.from(key.publicKey.split(' ')[1] ?? '', 'base64');
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return { ...key, fingerprint: `SHA256:${digest}` };
}
