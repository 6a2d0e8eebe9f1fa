import { must, run, type Ran } from './server.ts';

/** Somebody else's machine: a network namespace of its own, with a cable to this server. */
export type Outside = {
  readonly run: (file: string, ...args: readonly string[]) => Ran;
  /** Whether a TCP connection to a port of this server comes about, from one of its addresses. */
  readonly reaches: (port: number, address?: string, from?: string) => boolean;
  readonly remove: () => void;
};

export const SERVER = '192.0.2.1';
export const OUTSIDE = '192.0.2.2';
/** Another address of the same machine. */
export const OTHER = '192.0.2.3';
/** And one more, of a panel. */
export const PANEL = '192.0.2.9';

const CONNECT = `import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 2, (sys.argv[3], 0) if sys.argv[3] else None)`;

export function createOutside(): Outside {
  const ip = (...words: readonly string[]) => void must('ip', words);
  ip('netns', 'add', 'outside');
  ip('link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'plug', 'netns', 'outside');
  ip('address', 'add', `${SERVER}/24`, 'dev', 'cable');
  ip('address', 'add', '2001:db8::1/64', 'dev', 'cable', 'nodad');
  ip('link', 'set', 'cable', 'up');
  for (const address of [OUTSIDE, OTHER, PANEL])
    ip('-n', 'outside', 'address', 'add', `${address}/24`, 'dev', 'plug');
  ip('-n', 'outside', 'address', 'add', '2001:db8::2/64', 'dev', 'plug', 'nodad');
  ip('-n', 'outside', 'link', 'set', 'plug', 'up');
  const there = (file: string, ...args: readonly string[]) =>
    run('ip', ['netns', 'exec', 'outside', file, ...args]);
  return {
    run: there,
    reaches: (port, address = SERVER, from = '') =>
      there('python3', '-c', CONNECT, address, String(port), from).code === 0,
    remove: () => ip('netns', 'delete', 'outside'),
  };
}
