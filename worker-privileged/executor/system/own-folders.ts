import type { Folder, Folders } from './folders.ts';
import { paths } from './paths.ts';

const CLOSED: Folder = { uid: 0, gid: 0, mode: 0o700 };
const OPEN: Folder = { uid: 0, gid: 0, mode: 0o755 };

/** Parents first. What the installation makes already is left as it is. */
const OWN: readonly (readonly [string, Folder])[] = [
  ['/var/lib/sculptor-root', CLOSED],
  [paths.registry, CLOSED],
  [paths.databases, CLOSED],
  [paths.parts, CLOSED],
  [paths.tenants, CLOSED],
  [paths.publicPorts, CLOSED],
  [paths.sizes, CLOSED],
  [paths.quotas, CLOSED],
  [paths.audit, CLOSED],
  [paths.locks, CLOSED],
  ['/var/lib/sculptor-root/cache', CLOSED],
  ['/var/lib/sculptor-root/trash', CLOSED],
  [paths.dumps, CLOSED],
  [paths.stateDumps, CLOSED],
  [paths.sites, OPEN],
  [paths.hosts, OPEN],
  [paths.keys, OPEN],
  [paths.programs, CLOSED],
  [paths.outputs, CLOSED],
  [paths.onces, CLOSED],
  [paths.trash, CLOSED],
];

/** The folders that the executor keeps its own things in. */
export async function ensureOwnFolders(folders: Pick<Folders, 'look' | 'ensure'>): Promise<void> {
  for (const [path, wanted] of OWN) {
    if ((await folders.look(path))?.mode !== wanted.mode) await folders.ensure(path, wanted);
  }
}
