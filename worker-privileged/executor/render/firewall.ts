import { isIPv6 } from 'node:net';
import { FIRST_PUBLIC_PORT, LAST_PUBLIC_PORT } from '../../../contract/queues.ts';

/** What is let in besides the web: numbers, and addresses that node:net has read, nothing else. */
export type Openings = {
  /** Where sshd listens. */
  readonly ssh: readonly number[];
  /** Who may come to ssh; everybody where nobody is named. */
  readonly sshFrom: readonly string[];
  /** What root has opened. */
  readonly open: readonly number[];
};

/** No table: nothing of ours is in the way. The first line makes one where none is, so that the second never fails. */
export const NO_RULES = 'table inet sculptor\ndelete table inet sculptor\n';

/**
 * A table of our own, put in the place of the former in one transaction. It comes after the tables of others: what they
 * drop is gone before it, and what they accept it still decides on.
 */
export function renderFirewall({ ssh, sshFrom, open }: Openings): string {
  const [six, four] = [sshFrom.filter(isOfIPv6), sshFrom.filter((network) => !isOfIPv6(network))];
  return `# Written by Sculptor Agent: sculptorctl firewall changes it.
${NO_RULES}
table inet sculptor {
  set ssh { type inet_service${elements(ascending(ssh))}; }
  set open { type inet_service${elements(ascending([80, 443, ...open]))}; }
  set ssh4 { type ipv4_addr; flags interval; auto-merge${elements(four)}; }
  set ssh6 { type ipv6_addr; flags interval; auto-merge${elements(six)}; }
  chain programs { }
  chain owners { }
  chain input {
    type filter hook input priority filter + 10; policy drop;
    iif lo accept
    ct state invalid drop
    jump programs
    ct direction original tcp dport ${PROGRAMS} tcp dport != @open tcp dport != @ssh drop
    ct direction original udp dport ${PROGRAMS} drop
    ct state { established, related } accept
    icmp type { ${ICMP} } accept
    icmpv6 type { ${ICMPV6} } accept
    meta nfproto ipv4 udp sport 67 udp dport 68 accept
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
    tcp dport @open accept
${sshRules(sshFrom).join('\n')}
  }
  chain output {
    type filter hook output priority filter + 10; policy accept;
    oif != lo jump owners
  }
}
${PORTS_TOO}`;
}

/** Where sites' programs may have a port. What was let in while one was open has no way on when it is closed. */
const PROGRAMS = `${FIRST_PUBLIC_PORT}-${LAST_PUBLIC_PORT}`;

/** The rules of public-ports.ts, where there are any: a file that a pattern does not find is no mistake. */
export const PORTS_TOO = 'include "/etc/sculptor/firewall/ports.nf[t]"\n';

/** What a path's largest packet is found by, what says that something cannot be reached, and ping. */
const ICMP = 'destination-unreachable, echo-request, time-exceeded, parameter-problem';
/** The same, and how neighbours and routers are found: without them there is no IPv6. */
const ICMPV6 = [
  'destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request',
  'mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report',
  'nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect',
].join(', ');

function sshRules(from: readonly string[]): readonly string[] {
  return from.length === 0
    ? ['    tcp dport @ssh accept']
    : ['    ip saddr @ssh4 tcp dport @ssh accept', '    ip6 saddr @ssh6 tcp dport @ssh accept'];
}

function elements(all: readonly (string | number)[]): string {
  return all.length === 0 ? '' : `; elements = { ${all.join(', ')} }`;
}

function ascending(ports: readonly number[]): readonly number[] {
  return [...new Set(ports)].sort((one, other) => one - other);
}

function isOfIPv6(network: string): boolean {
  return isIPv6(network.split('/')[0] ?? '');
}
