import { BlockList, isIPv6 } from 'node:net';
import type { AddressRange } from '../contract/tokens.ts';

/** Whether one of these networks holds the address, which is an IPv4 or IPv6 address or none at all. */
export function holdAddress(ranges: readonly AddressRange[], address: string): boolean {
  return ranges.some((range) => {
    const { network, length, family } = parse(range);
    if (family !== familyOf(address)) return false;
    const list = new BlockList();
    list.addSubnet(network, length, family);
    return list.check(address, family);
  });
}

/** Whether every address of `inner` is one of these networks' as well. */
export function holdRange(ranges: readonly AddressRange[], inner: AddressRange): boolean {
  const { network, length } = parse(inner);
  return ranges.some((range) => parse(range).length <= length && holdAddress([range], network));
}

function parse(range: AddressRange) {
  const [network = '', length] = range.split('/');
  return { network, length: Number(length), family: familyOf(network) };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
