import { readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import type { Commands } from '../system/command.ts';
import { readConfig, type ExecutorConfig } from '../system/config.ts';
import { createFiles } from '../system/files.ts';
import { paths } from '../system/paths.ts';
import { SiteEntry } from '../system/registry.ts';
import { parseInstalled, type Installed } from './installed.ts';
import { readPeople, type People } from './people.ts';
import { readProcesses, type Process } from './process-list.ts';

/** What the checks look at, each read once, in bulk, and not changed. */
export type Server = {
  readonly run: (file: `/${string}`, args: readonly string[], stdin?: string) => Promise<string>;
  /** The lines that MariaDB answers root with over its socket. */
  readonly sql: (statements: string) => Promise<readonly string[]>;
  readonly config: () => Promise<ExecutorConfig>;
  /** What the installation noted of the things that it put in place. */
  readonly installed: () => Promise<readonly Installed[]>;
  readonly people: () => Promise<People>;
  readonly processes: () => Promise<readonly Process[]>;
  readonly registry: () => Promise<Registered>;
  readonly now: () => Date;
};

/** `broken`: files that hold no entry, and why. */
export type Registered = { readonly entries: readonly SiteEntry[]; readonly broken: readonly string[] };

export const INSTALLED = '/var/lib/sculptor-root/installed';

export function createServer(commands: Pick<Commands, 'run'>): Server {
  const run: Server['run'] = (file, args, stdin = '') => commands.run({ file, args, stdin });
  const config = once(() => readConfig(createFiles()));
  return {
    run,
    sql: async (statements) => {
      const { mariadbSocket } = await config();
      const login = ['--no-defaults', '--protocol=socket', `--socket=${mariadbSocket}`, '--user=root'];
      const form = ['--batch', '--raw', '--skip-column-names', '--connect-timeout=10'];
      return linesOf(await run('/usr/bin/mariadb', [...login, ...form], statements));
    },
    config,
    installed: once(async () => parseInstalled(await readFile(INSTALLED, 'utf8'))),
    people: once(readPeople),
    processes: once(readProcesses),
    registry: once(readRegistry),
    now: () => new Date(),
  };
}

export function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** What lies in a folder; nothing where there is none. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

async function readRegistry(): Promise<Registered> {
  const names = await readdir(paths.registry);
  const read = await Promise.all(names.map(readEntry));
  return {
    entries: read.filter((entry) => typeof entry !== 'string'),
    broken: read.filter((entry) => typeof entry === 'string'),
  };
}

/** One that cannot be understood keeps none of the others from being looked at. */
async function readEntry(name: string): Promise<SiteEntry | string> {
  const path = `${paths.registry}/${name}`;
  try {
    const entry = SiteEntry.parse(JSON.parse(await readFile(path, 'utf8')));
    return `${entry.id}.json` === name ? entry : `${path} holds the entry of another site, ${entry.id}`;
  } catch {
    return `${path} holds no entry of a site`;
  }
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | null = null;
  return () => (kept ??= read());
}
