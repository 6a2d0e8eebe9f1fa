import type { PublicPort } from '../../../contract/queues.ts';

/** A port that is open, and as whom its program runs: numbers and one of two words, nothing else. */
export type OpenPort = PublicPort & { readonly uid: number };

/**
 * What the table of firewall.ts lets in to sites' programs, in the place of what it let in before. An answer goes out only
 * where its socket is the site's own user's: whoever else has bound the port first is spoken to by nobody outside. What
 * accepts a connection has to show its owner, for a flood of them has the kernel answer without a socket.
 */
export function renderPublicPorts(open: readonly OpenPort[]): string {
  const [tcp, udp] = [ofProtocol(open, 'tcp'), ofProtocol(open, 'udp')];
  return `# Written by Sculptor Agent: sculptorctl queue has ports opened and closed.
table inet sculptor {
  chain programs { }
  chain owners { }
}
flush chain inet sculptor programs
flush chain inet sculptor owners
table inet sculptor {
  chain programs {
${lines(tcp.length > 0 && `tcp dport ${numbers(tcp)} accept`, udp.length > 0 && `udp dport ${numbers(udp)} accept`)}  }
  chain owners {
${tcp.length === 0 ? '' : ownersOfTcp(tcp)}${udp.length === 0 ? '' : ownersOfUdp(udp)}  }
}
`;
}

function ownersOfTcp(open: readonly OpenPort[]): string {
  return lines(
    `meta skuid . tcp sport ${owned(open)} accept`,
    `tcp sport ${numbers(open)} tcp flags & (syn | ack) == (syn | ack) drop`,
    // Where a socket has an owner at all: what is sent after its end has none any more.
    `tcp sport ${numbers(open)} meta skuid != ${NOBODY} drop`,
  );
}

function ownersOfUdp(open: readonly OpenPort[]): string {
  return lines(`meta skuid . udp sport ${owned(open)} accept`, `udp sport ${numbers(open)} drop`);
}

/** The largest number that a user can have, and that the agent gives to none. */
const NOBODY = 4_294_967_294;

function ofProtocol(open: readonly OpenPort[], protocol: PublicPort['protocol']): readonly OpenPort[] {
  return open.filter((one) => one.protocol === protocol).sort((one, other) => one.port - other.port);
}

function numbers(open: readonly OpenPort[]): string {
  return `{ ${open.map(({ port }) => port).join(', ')} }`;
}

function owned(open: readonly OpenPort[]): string {
  return `{ ${open.map(({ uid, port }) => `${uid} . ${port}`).join(', ')} }`;
}

function lines(...rules: readonly (string | false)[]): string {
  return rules.map((rule) => (rule === false ? '' : `    ${rule}\n`)).join('');
}
