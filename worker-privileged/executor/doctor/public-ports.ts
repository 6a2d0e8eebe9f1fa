import { readFile } from 'node:fs/promises';
import { FIRST_PUBLIC_PORT, LAST_PUBLIC_PORT } from '../../../contract/queues.ts';
import type { OpenPort } from '../render/public-ports.ts';
import { readBoundPorts, type BoundPort } from '../system/bound-ports.ts';
import { createFiles } from '../system/files.ts';
import { readFirewallSettings } from '../system/firewall-settings.ts';
import { openPorts } from '../verbs/tenant/public-ports.ts';
import { warning, wrong, type Check, type Found } from './finding.ts';
import type { Server } from './server.ts';

const AGAIN = 'Run sculptorctl firewall renew.';

/** The network reaches those programs that it shall, each at its own port and served by its own user. */
export const publicPorts: Check = async (server) => {
  if ((await server.config()).mode !== 'systemd') return [];
  const should = await openNow(server);
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const kept = await readFile('/proc/sys/net/ipv4/ip_local_reserved_ports', 'utf8');
  return [
    ...((await readFirewallSettings(createFiles())).on ? inTable(await readTable(server), should) : []),
    ...bound(await readBoundPorts(), should),
    ...(should.length > 0 ? given(range, kept) : []),
  ];
};

/** What root's own record has open. */
export async function openNow(server: Server): Promise<readonly OpenPort[]> {
  const sites = new Map((await server.registry()).entries.map((entry) => [entry.id, entry]));
  const tenants = new Map((await server.tenants()).entries.map((entry) => [entry.id, entry]));
  return openPorts(
    {
      registry: { read: (id) => Promise.resolve(sites.get(id) ?? null) },
      tenants: { read: (id) => Promise.resolve(tenants.get(id) ?? null) },
    },
    await server.ports(),
  );
}

/** Null where there is no such table, which is another check's. */
async function readTable({ run }: Server): Promise<string | null> {
  return run('/usr/sbin/nft', ['-n', 'list', 'chain', 'inet', 'sculptor', 'programs']).catch(() => null);
}

type Port = Pick<OpenPort, 'port' | 'protocol'>;

export function inTable(listing: string | null, should: readonly OpenPort[]): readonly Found[] {
  if (listing === null) return [];
  const is = portsIn(listing);
  const among = (all: readonly Port[], one: Port) =>
    all.some(({ port, protocol }) => port === one.port && protocol === one.protocol);
  return [
    ...is
      .filter((one) => !among(should, one))
      .map((one) => wrong(`The network reaches ${name(one)}, which is no port of a program now.`, AGAIN)),
    ...should
      .filter((one) => !among(is, one))
      .map((one) => wrong(`The network does not reach ${name(one)}, which a program has.`, AGAIN)),
  ];
}

/** As nft lists the rules of render/public-ports.ts: one number, or several in braces. */
function portsIn(listing: string): readonly Port[] {
  const rules = listing.matchAll(/^\s*(tcp|udp) dport (?:\{([0-9, ]+)\}|([0-9]+)) accept$/gm);
  return Array.from(rules).flatMap(([, protocol, several, one]) =>
    Array.from((several ?? one ?? '').matchAll(/[0-9]+/g), ([port]) => ({
      protocol: protocol === 'udp' ? ('udp' as const) : ('tcp' as const),
      port: Number(port),
    })),
  );
}

/** Nobody outside speaks with who is there; but neither does anybody with whose port it is. */
export function bound(all: readonly BoundPort[], should: readonly OpenPort[]): readonly Found[] {
  return should.flatMap((one) => {
    const is = ({ port, protocol }: Port) => port === one.port && protocol === one.protocol;
    const other = all.find((each) => is(each) && each.uid !== one.uid);
    if (other === undefined) return [];
    const what = `${name(one)} is for a program of the user ${one.uid}, and the user ${other.uid} has bound it.`;
    return [wrong(what, `Look who that is: ss -lnp 'sport = :${one.port}'.`)];
  });
}

/** Numbers that the kernel gives to connections that go out may be gone when a program starts. */
export function given(range: string, reserved: string): readonly Found[] {
  const [first = 0, last = 0] = range.trim().split(/\s+/).map(Number);
  if (last < FIRST_PUBLIC_PORT || first > LAST_PUBLIC_PORT) return [];
  const ports = `${FIRST_PUBLIC_PORT}-${LAST_PUBLIC_PORT}`;
  if (reserved.trim().split(',').includes(ports)) return [];
  return [
    warning(
      'The kernel gives connections that go out numbers that programs have as public ports.',
      `Set net.ipv4.ip_local_reserved_ports=${ports} in /etc/sysctl.d, and run sysctl --system.`,
    ),
  ];
}

function name({ port, protocol }: Port): string {
  return `${protocol} port ${port}`;
}
