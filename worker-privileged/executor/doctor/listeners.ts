import { wrong, warning, type Check, type Found } from './finding.ts';
import { openNow } from './public-ports.ts';
import { linesOf } from './server.ts';

export type Listener = {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  readonly program: string;
};

const PUBLIC: Readonly<Record<number, string>> = { 80: 'nginx', 443: 'nginx' };
/** An address that the network gives is asked for on these. */
const DHCP = [68, 546];

/** From outside, this server is nginx and ssh, and the programs of sites that have a port. */
export const listeners: Check = async (server) => {
  const all = listenersIn(await server.run('/usr/bin/ss', ['-H', '-lntup']));
  const programs = await openNow(server);
  const isPublic = ({ port, protocol }: Listener) =>
    programs.some((one) => one.port === port && one.protocol === protocol);
  return [
    ...all.filter((each) => !isPublic(each)).flatMap(listener),
    ...Object.entries(PUBLIC)
      .filter(([port]) => all.every((each) => each.port !== Number(port)))
      .map(([port, program]) => wrong(`Nothing listens on port ${port}, where ${program} should.`)),
  ];
};

export function listenersIn(text: string): readonly Listener[] {
  return linesOf(text).map((line) => {
    const [protocol = '', , , , local = '', , ...users] = line.split(/\s+/);
    const colon = local.lastIndexOf(':');
    return {
      protocol,
      address: local.slice(0, colon).replace(/%[^\]]*/, ''),
      port: Number(local.slice(colon + 1)),
      // A process calls itself what it likes, and this is for a terminal.
      program: (/"([^"]*)"/.exec(users.join(' '))?.[1] ?? 'the kernel').replace(/[^ -~]/g, '?'),
    };
  });
}

export function listener({ protocol, address, port, program }: Listener): readonly Found[] {
  const where = `${program} listens on ${address}:${port} (${protocol})`;
  const mend = `Stop it, or let it listen on 127.0.0.1 alone: ss -lp 'sport = :${port}' tells more.`;
  if (program.startsWith('redis-')) return [wrong(`${where}: Redis may have no port.`, mend)];
  if (isLoopback(address)) return [];
  if (protocol !== 'tcp')
    return DHCP.includes(port) ? [] : [warning(`${where}, which the whole network reaches.`, mend)];
  if (PUBLIC[port] !== undefined && PUBLIC[port] === program) return [];
  if (program === 'sshd' || (port === 22 && program === 'systemd')) return [];
  return [wrong(`${where}, which the whole network reaches.`, mend)];
}

function isLoopback(address: string): boolean {
  return /^(?:127\.[0-9.]+|\[::1\]|\[::ffff:127\.[0-9.]+\])$/.test(address);
}
