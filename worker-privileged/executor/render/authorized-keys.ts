import type { PartId } from '../../../contract/ids.ts';
import type { SshPublicKey } from '../../../contract/ssh-keys.ts';
import { plain, RenderError } from './plain.ts';

export type AuthorizedKey = { readonly id: PartId; readonly publicKey: SshPublicKey };

/**
 * What sshd(8) reads for one site, a line a key, in the order of ids. `restrict` takes everything that a key may do
 * beside logging in, also what a later OpenSSH invents; what it starts, sshd's own configuration says.
 */
export function renderAuthorizedKeys(keys: readonly AuthorizedKey[]): string {
  return [...keys]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, publicKey }) => `restrict ${keyOnly(publicKey)} ${plain(id)}\n`)
    .join('');
}

/** Two words, and nothing that the file's syntax has a meaning for: quotes, commas, a line's end, a comment's sign. */
function keyOnly(text: string): string {
  if (!/^[a-z0-9@.-]{1,40} [A-Za-z0-9+/=]{1,3900}$/.test(text)) throw new RenderError('a key');
  return text;
}
