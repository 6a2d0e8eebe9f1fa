import { readFile } from 'node:fs/promises';
import type { PublicPort } from '../../../contract/queues.ts';

/** A port of this server that a process has bound, on whatever address, and as whom. */
export type BoundPort = PublicPort & { readonly uid: number };

/**
 * As the first process of this server sees it: the executor's own network is empty. With the sockets that are being
 * closed, or that go out, none is meant here.
 */
export async function readBoundPorts(): Promise<readonly BoundPort[]> {
  const read = (name: string) => readFile(`/proc/1/net/${name}`, 'utf8').catch(() => '');
  const [tcp, tcp6, udp, udp6] = await Promise.all(['tcp', 'tcp6', 'udp', 'udp6'].map(read));
  return [
    ...boundIn(`${tcp}${tcp6}`, { protocol: 'tcp', state: '0A' }),
    ...boundIn(`${udp}${udp6}`, { protocol: 'udp', state: '07' }),
  ];
}

/** In the form of /proc/net/tcp: local address and port in hexadecimal, a state, and the owner of the socket. */
export function boundIn(
  text: string,
  { protocol, state }: { readonly protocol: PublicPort['protocol']; readonly state: string },
): readonly BoundPort[] {
  const line =
    /^ *[0-9]+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) \S+ \S+ \S+ +([0-9]+) /gm;
  return Array.from(text.matchAll(line)).flatMap(([, port = '', is, uid]) =>
    is === state ? [{ protocol, port: Number.parseInt(port, 16), uid: Number(uid) }] : [],
  );
}
