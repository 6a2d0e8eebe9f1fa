import { isIPv6 } from 'node:net';

/** What counts as one caller: an IPv4 address, or the /64 that one machine has of IPv6. */
export function neighbourhood(address: string): string {
  if (!isIPv6(address)) return address;
  const [text = ''] = address.split('%', 1);
  const [head = '', tail] = text.split('::');
  const groups = head === '' ? [] : head.split(':');
  const zeros = tail === undefined ? [] : Array<string>(4).fill('0');
  const first = [...groups, ...zeros].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${first.join(':')}::`;
}
