import type { CachePasswordHash } from '../../../contract/caches.ts';
import { cacheLogin } from '../../../contract/caches.ts';
import type { DomainId } from '../../../contract/ids.ts';
import { SITES_COMMANDS } from './cache-commands.ts';
import { plain } from './plain.ts';

export type CacheAccount = { readonly id: DomainId; readonly passwordHash: CachePasswordHash };

/** SHA-256 of the passwords of the two that look after the caches. */
export type Keepers = { readonly executor: string; readonly keeper: string };

/** What the executor does there: it makes and ends accounts, drops what one had, and says how much memory there is. */
const EXECUTOR = [
  ...['ping', 'get', 'eval', 'scan', 'memory|usage', 'object|idletime', 'unlink'],
  ...['acl|setuser', 'acl|deluser', 'acl|getuser', 'config|set'],
];

/** What the keeper does: it measures, drops, lets write or not, and ends connections that are too many. */
const KEEPER = [
  ...['ping', 'eval', 'scan', 'memory|usage', 'object|idletime', 'unlink', 'set', 'info'],
  ...['client|list', 'client|kill', 'acl|setuser', 'acl|users'],
];

/** The rules of one site's account, as ACL SETUSER and a line of the file take them. */
export function accountRules({ id, passwordHash }: CacheAccount): readonly string[] {
  const keys = `~${plain(id)}:*`;
  return [
    'on',
    hash(passwordHash),
    keys,
    'resetchannels',
    '-@all',
    ...SITES_COMMANDS.map((name) => `+${name}`),
  ];
}

/** The whole of the file of accounts: nobody without a password, each site with its own keys. */
export function renderAccounts(keepers: Keepers, accounts: readonly CacheAccount[]): string {
  const lines = [
    ['default', 'off', 'resetpass', 'resetkeys', 'resetchannels', '-@all'],
    ['executor', 'on', hash(keepers.executor), '~*', 'resetchannels', '-@all', ...granted(EXECUTOR)],
    ['keeper', 'on', hash(keepers.keeper), '~*', 'resetchannels', '-@all', ...granted(KEEPER)],
    ...accounts.map((account) => [cacheLogin(account.id).username, ...accountRules(account)]),
  ];
  return lines.map((words) => `user ${words.join(' ')}\n`).join('');
}

/** Where the executor finds what its keeper has measured; no site's id is of this length. */
export const USAGE_KEY = 'sculptor:usage';

/** Beside what all may hold together: what connections take, and what comes in until it is measured. */
const HEADROOM_BYTES = 100_663_296;

export function memoryFor(shares: readonly number[]): number {
  return shares.reduce((sum, bytes) => sum + bytes, HEADROOM_BYTES);
}

export function renderMemory(shares: readonly number[]): string {
  return `maxmemory ${plain(memoryFor(shares))}\n`;
}

/** For the keeper: whose keys may be there, and how much of them. */
export function renderShares(shares: ReadonlyMap<DomainId, number>): string {
  return `${JSON.stringify([...shares])}\n`;
}

function granted(names: readonly string[]): readonly string[] {
  return names.map((name) => `+${name}`);
}

function hash(sha256: string): string {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error('a hash is 64 hex digits');
  return `#${sha256}`;
}
