import { isIP } from 'node:net';
import type { AddressRange } from '../contract/tokens.ts';
import { isRefusedAddress } from './outward-addresses.ts';

/** The host of a URL as it is looked up: IPv6 without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/**
 * What a URL itself shows to be wrong with sending to it, before any name is looked up; undefined where that is nothing.
 * Without TLS nothing is sent but to networks that root has named.
 */
export function faultOfTarget(url: URL, networks: readonly AddressRange[]): string | undefined {
  const host = hostOf(url);
  if (url.protocol === 'http:' && networks.length === 0) return 'a URL that begins with https://';
  if (/(?:^|\.)(?:localhost|localdomain)\.?$/i.test(host) && networks.length === 0)
    return 'the name of another server';
  if (isIP(host) !== 0 && isRefusedAddress(host, { networks, own: [] }))
    return 'an address of the internet, or one of a network that root named in webhookNetworks';
  return undefined;
}
