import { BlockList, isIP, isIPv6 } from 'node:net';
import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import { because } from './because.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

export const Port = z.int().min(1).max(65_535);

/** An address, or a network as `192.0.2.0/24`. */
export const Network = z.string().max(45).refine(isNetwork, 'an address, or one with / and a number of bits');

/** What root has said of the firewall; what is not there is as it says here. */
export const FirewallSettings = z.strictObject({
  on: z.boolean().default(true),
  /** TCP ports beside those of ssh and the web. */
  open: z.array(Port).max(100).default([]),
  /** Who may come to ssh. Nobody named: everybody. */
  sshFrom: z.array(Network).max(50).default([]),
});
export type FirewallSettings = z.infer<typeof FirewallSettings>;

export async function readFirewallSettings(files: Pick<Files, 'read'>): Promise<FirewallSettings> {
  const text = await files.read(paths.firewallSettings);
  try {
    return FirewallSettings.parse(text === null ? {} : JSON.parse(text));
  } catch (cause) {
    throw because(
      cause,
      new FailureError(
        'server_broken',
        `The file ${paths.firewallSettings} cannot be understood.`,
        'On the server, mend or remove it, then run sculptorctl firewall renew.',
      ),
    );
  }
}

function isNetwork(text: string): boolean {
  const [address = '', bits = '0', more] = text.split('/');
  if (isIP(address) === 0 || address.includes('%') || more !== undefined) return false;
  // It would be held against addresses of IPv4, and no packet of IPv6 has one.
  if (isIPv6(address) && MAPPED.check(address, 'ipv6')) return false;
  return /^(?:0|[1-9][0-9]{0,2})$/.test(bits) && Number(bits) <= (isIPv6(address) ? 128 : 32);
}

/** What node:net takes for an address of IPv4, written as one of IPv6. */
const MAPPED = new BlockList();
MAPPED.addSubnet('0.0.0.0', 0, 'ipv4');

/** Whether an address is among networks: those of its kind, as with nft. To node:net ::/0 has those of IPv4 too. */
export function isAmong(address: string, networks: readonly string[]): boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [start = '', bits] = network.split('/');
    const family = familyOf(start);
    if (family !== familyOf(address)) continue;
    list.addSubnet(start, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
