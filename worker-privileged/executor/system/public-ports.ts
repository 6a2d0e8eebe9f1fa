import { z } from 'zod';
import { DomainId, PartId } from '../../../contract/ids.ts';
import { PublicPort } from '../../../contract/queues.ts';
import { FailureError } from '../../../contract/failures.ts';
import type { Undo } from '../ensure.ts';
import { because } from './because.ts';
import { readBoundPorts, type BoundPort } from './bound-ports.ts';
import type { Commands } from './command.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { paths } from './paths.ts';

/** What root remembers of a port that a program of a site holds. */
export const PortEntry = z.strictObject({
  ...PublicPort.shape,
  protocol: PublicPort.shape.protocol.unwrap(),
  site: DomainId,
  part: PartId,
  since: z.iso.datetime(),
  /** Whether the network shall reach it, as far as its tenant's plan goes. */
  open: z.boolean(),
});
export type PortEntry = z.infer<typeof PortEntry>;

/** To be asked and changed under the lock `public-ports`, for the rules are those of all. */
export type PublicPorts = {
  readonly list: () => Promise<readonly PortEntry[]>;
  /** Which ones a program holds. */
  readonly of: (part: PartId) => Promise<readonly PortEntry[]>;
  readonly write: (entry: PortEntry) => Promise<Undo>;
  readonly remove: (entry: PortEntry) => Promise<Undo>;
  /** Null where the rules are these, and the kernel has read them. */
  readonly look: (rules: string) => Promise<string | null>;
  /** Puts them there and has the kernel read them. Where it does not, the former stay. */
  readonly load: (rules: string) => Promise<void>;
  /** Loads them where they stand and nothing says that they were read, as after a start of the server. */
  readonly takeUp: (rules: string) => Promise<void>;
  readonly bound: () => Promise<readonly BoundPort[]>;
};

const NOT_READ = 'the kernel has not read the rules for public ports';

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'read' | 'replace' | 'remove'>;
  readonly folders: Pick<Folders, 'look' | 'list'>;
};

export function createPublicPorts({ commands, files, folders }: Tools): PublicPorts {
  // Root may ask before the executor has made its folders.
  const names = async () =>
    (await folders.look(paths.publicPorts)) === null ? [] : folders.list(paths.publicPorts);
  const read = async (name: string) => {
    const [, part, port] = /^([a-z][a-z0-9]{11})-([0-9]{5})\.json$/.exec(name) ?? [];
    if (part === undefined) return [];
    const text = await files.read(paths.publicPort(PartId.parse(part), Number(port)));
    return text === null ? [] : [PortEntry.parse(JSON.parse(text))];
  };
  const look = async (rules: string) => {
    if ((await files.read(paths.firewallPorts)) !== rules) return 'the rules for public ports are others';
    return (await files.read(paths.firewallPortsRead)) === rules ? null : NOT_READ;
  };
  const load = async (rules: string) => {
    const undo = await files.replace(paths.firewallPorts, rules, 0o600);
    try {
      await commands.run(READ_ANEW);
    } catch (cause) {
      await undo();
      throw because(cause, notRead());
    }
    await files.replace(paths.firewallPortsRead, rules, 0o600);
  };
  return {
    list: async () => (await Promise.all((await names()).map(read))).flat(),
    of: async (part) => {
      const own = (await names()).filter((name) => name.startsWith(`${part}-`));
      return (await Promise.all(own.map(read))).flat();
    },
    write: (entry) =>
      files.replace(paths.publicPort(entry.part, entry.port), `${JSON.stringify(entry)}\n`, 0o600),
    remove: ({ part, port }) => files.remove(paths.publicPort(part, port)),
    look,
    load,
    takeUp: async (rules) => {
      if ((await look(rules)) === NOT_READ) await load(rules);
    },
    bound: readBoundPorts,
  };
}

function notRead(): FailureError {
  return new FailureError(
    'server_broken',
    'The kernel has not taken the rules for public ports; those from before hold.',
    'On the server, journalctl -u sculptor-firewall-ports.service says why.',
  );
}

/** It takes CAP_NET_ADMIN, which the executor has not: a unit reads the file. Where there is no table it does nothing. */
const READ_ANEW = {
  file: '/usr/bin/systemctl',
  args: ['--no-ask-password', 'restart', '--', 'sculptor-firewall-ports.service'],
} as const;
