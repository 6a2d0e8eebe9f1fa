import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { AddressRange } from '../contract/tokens.ts';
import { holdAddress } from '../runtime/address-ranges.ts';
import { isRefusedAddress } from '../runtime/outward-addresses.ts';
import { faultOfTarget, hostOf } from '../runtime/webhook-targets.ts';

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

export interface ResolvingParts {
  readonly networks: readonly AddressRange[];
  readonly ownAddresses: () => readonly string[];
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/** To where a URL leads now, or that nothing is sent there. */
export type Resolved =
  { readonly addresses: readonly Address[] } | { readonly outcome: 'refused' | 'unreachable' };

/**
 * SECURITY: asked at each attempt, because a name may lead elsewhere by then; the connection goes to what is answered here, and to
 * nothing else. A name that leads to one address that is refused is refused as a whole.
 */
export function createResolving(parts: ResolvingParts): (url: URL) => Promise<Resolved> {
  const { networks, ownAddresses, resolve = askSystem } = parts;
  return async (url) => {
    if (faultOfTarget(url, networks) !== undefined) return { outcome: 'refused' };
    const host = hostOf(url);
    const found = await (isIP(host) === 0 ? resolve(host) : Promise.resolve([host])).catch(() => []);
    if (found.length === 0) return { outcome: 'unreachable' };
    const sendable = { networks, own: ownAddresses() };
    if (found.some((address) => isRefusedAddress(address, sendable))) return { outcome: 'refused' };
    // Without TLS anybody on the way reads it: only where root has said that the way is theirs.
    const inNetworks = found.every((address) => holdAddress(networks, address));
    if (url.protocol === 'http:' && !inNetworks) return { outcome: 'refused' };
    return { addresses: found.map((address) => ({ address, family: isIP(address) === 6 ? 6 : 4 })) };
  };
}

async function askSystem(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
