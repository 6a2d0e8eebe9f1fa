import { BlockList, isIP, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { AddressRange } from '../contract/tokens.ts';
import { holdAddress } from './address-ranges.ts';

/**
 * SECURITY: which addresses the agent sends to at somebody else's word. Of IPv6 what is given out to networks of the world,
 * and of that not what carries another address within it; of IPv4 what no registry keeps for a purpose of its own.
 */
const KEPT_IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...[
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.31.196.0/24',
    '192.52.193.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
  ],
  ...['192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  // Where a cloud answers its machines, among the addresses of everybody.
  '168.63.129.16/32',
] as const;
const GIVEN_OUT_IPV6 = '2000::/3';
// Teredo and what else is of protocols, examples, 6to4, and a kept one.
const KEPT_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '2620:4f:8000::/48'] as const;

const kept = listOf([...KEPT_IPV4, ...KEPT_IPV6]);
const givenOut = listOf([GIVEN_OUT_IPV6]);

export interface Sendable {
  /** Networks that root has named although they are private. */
  readonly networks: readonly AddressRange[];
  /** This server's own addresses. */
  readonly own: readonly string[];
}

/** Whether nothing may be sent to that address. What is no address is none to send to. */
export function isRefusedAddress(address: string, { networks, own }: Sendable): boolean {
  if (isIP(address) === 0 || address.includes('%')) return true;
  if (holdAddress(networks, address)) return false;
  if (isOneOf(own, address)) return true;
  if (isIPv4(address)) return kept.check(address, 'ipv4');
  return !givenOut.check(address, 'ipv6') || kept.check(address, 'ipv6');
}

/** Of all interfaces that are up. */
export function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}

/** As root writes them in agent.json, with blanks between them. */
export function networksIn(text: string): readonly AddressRange[] {
  return text.split(' ').flatMap((word) => (word === '' ? [] : [AddressRange.parse(word)]));
}

/** One address is written in several ways. */
function isOneOf(all: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const each of all)
    if (isIP(each) !== 0 && !each.includes('%')) list.addAddress(each, isIPv4(each) ? 'ipv4' : 'ipv6');
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', length] = network.split('/');
    list.addSubnet(address, Number(length), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return list;
}
