import type { DomainId } from '../../../contract/ids.ts';
import type { Commands } from './command.ts';
import type { Folders } from './folders.ts';
import { ForeignPathError } from './own-path.ts';

/**
 * What somebody has changed of the units of one site, beside the templates that all sites have: files that systemd reads
 * for these units alone, and that nobody here has made.
 */
export type DropIns = {
  readonly list: (site: DomainId) => Promise<readonly string[]>;
  /** Has systemd read its units as they are now. */
  readonly reload: () => Promise<void>;
};

const TEMPLATES = ['php', 'php-next', 'php-pool', 'php-pool-next', 'relay'];
const PLACES = ['/etc', '/run'].flatMap((of) => [`${of}/systemd/system`, `${of}/systemd/system.control`]);
/** As `systemctl set-property` writes down what the site may take. */
const OWN = new Set(['50-MemoryMax.conf', '50-MemorySwapMax.conf', '50-TasksMax.conf']);

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly folders: Pick<Folders, 'look' | 'list'>;
  readonly mode: 'systemd' | 'supervisor';
};

export function createDropIns({ commands, folders, mode }: Tools): DropIns {
  const inFolder = async (folder: string) => {
    if ((await folders.look(folder)) === null) return [];
    const isSlices = folder.startsWith('/etc/systemd/system.control/') && folder.endsWith('.slice.d');
    const names = await folders.list(folder);
    return names
      .filter((name) => name.endsWith('.conf') && !(isSlices && OWN.has(name)))
      .sort()
      .map((name) => `${folder}/${name}`);
  };
  /** A unit of that very name, which takes the place of the template. */
  const inPlace = async (path: string) => {
    try {
      return (await folders.look(path)) === null ? [] : [path];
    } catch (cause) {
      if (cause instanceof ForeignPathError) return [path];
      throw cause;
    }
  };
  return {
    list: async (site) => {
      if (mode === 'supervisor') return [];
      const found: string[] = [];
      for (const place of PLACES)
        for (const unit of unitsOf(site))
          found.push(...(await inPlace(`${place}/${unit}`)), ...(await inFolder(`${place}/${unit}.d`)));
      return found;
    },
    reload: async () => {
      await commands.run({
        file: '/usr/bin/systemctl',
        args: ['--no-ask-password', 'daemon-reload'],
        timeoutMs: 90_000,
      });
    },
  };
}

function unitsOf(site: DomainId): readonly string[] {
  const instances = TEMPLATES.flatMap((name) => [
    `sculptor-${name}@${site}.service`,
    `sculptor-${name}@${site}.socket`,
  ]);
  return [...instances, `sculptor-${site}.slice`];
}
