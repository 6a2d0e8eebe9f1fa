import { readFile, statfs } from 'node:fs/promises';
import { FailureError } from '../../../contract/failures.ts';

/** What is left on one file system. Some have no end of files, and say that they have 0 in all. */
export type Left = {
  readonly path: string;
  readonly octets: number;
  readonly files: number;
  readonly allFiles: number;
};

export type Rest = { readonly disks: readonly Left[]; readonly memory: number };

/** Throws `server_full` where the server has too little left to make something; nothing was begun then. */
export type RequireRoom = () => Promise<void>;

/** What the agent writes to, and what others write to who would stop otherwise. One file system may hold several. */
const PLACES = [
  '/home/www',
  '/etc/sculptor',
  '/var/lib/sculptor-root',
  '/var/lib/mysql',
  '/var/lib/sculptor-redis',
  '/run',
] as const;

const MIB = 1_048_576;
/** A site's configuration takes some KiB; MariaDB begins to wait for room, and stops all, when there is none. */
const LEAST_OCTETS = 64 * MIB;
/** /run is in memory, and what is in it is small. */
const LEAST_OCTETS_OF_RUN = 4 * MIB;
/** A site takes about 60. */
const LEAST_FILES = 1000;
/** A php-fpm master and its first process take about 30 MiB. */
const LEAST_MEMORY = 48 * MIB;

export function createRequireRoom(look: () => Promise<Rest> = lookAtServer): RequireRoom {
  return async () => {
    const lack = whatIsLacking(await look());
    if (lack === null) return;
    throw new FailureError(
      'server_full',
      `Nothing was begun: ${lack}.`,
      'The administrator makes room; sculptorctl doctor shows where. Then ask again.',
    );
  };
}

/** What the kernel had no more of, in the midst of it. */
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'ENOMEM', 'EMFILE', 'ENFILE']);

/** The same failure, with a code of its own where the server had no room for what was begun. */
export function namedWhereFull(failure: unknown): unknown {
  if (!(failure instanceof Error) || !('code' in failure) || !FULL.has(failure.code)) return failure;
  const named = new FailureError(
    'server_full',
    `The server ran out of room (${String(failure.code)}) in the midst of this; what could be put back was.`,
    'The administrator makes room; sculptorctl doctor shows where. Then ask again.',
  );
  named.cause = failure;
  return named;
}

/** In words; null where there is enough of all. */
export function whatIsLacking({ disks, memory }: Rest): string | null {
  for (const { path, octets, files, allFiles } of disks) {
    if (octets < (path === '/run' ? LEAST_OCTETS_OF_RUN : LEAST_OCTETS))
      return `the file system of ${path} has ${Math.floor(octets / MIB)} MiB left`;
    if (allFiles > 0 && files < LEAST_FILES)
      return `the file system of ${path} has room for ${files} files more`;
  }
  return memory < LEAST_MEMORY ? `the server has ${Math.floor(memory / MIB)} MiB of memory left` : null;
}

async function lookAtServer(): Promise<Rest> {
  const disks = await Promise.all(PLACES.map(lookAtDisk));
  const memory = /^MemAvailable: +([0-9]+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1];
  return {
    disks: disks.filter((disk) => disk !== null),
    memory: memory === undefined ? Infinity : Number(memory) * 1024,
  };
}

async function lookAtDisk(path: string): Promise<Left | null> {
  try {
    // What is kept back for root is no room: MariaDB and the sites are not root.
    const { bavail, bsize, ffree, files } = await statfs(path);
    return { path, octets: bavail * bsize, files: ffree, allFiles: files };
  } catch {
    // A database server elsewhere leaves no folder here.
    return null;
  }
}
