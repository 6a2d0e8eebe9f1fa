import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import type { Commands } from '../system/command.ts';
import { readConfig, tenantsServer, type ExecutorConfig } from '../system/config.ts';
import { createFiles } from '../system/files.ts';
import { createFolders } from '../system/folders.ts';
import { PartEntry } from '../system/part-register.ts';
import { paths } from '../system/paths.ts';
import { createPublicPorts, type PortEntry } from '../system/public-ports.ts';
import { SiteEntry } from '../system/registry.ts';
import { TenantEntry } from '../system/tenants.ts';
import { parseInstalled, type Installed } from './installed.ts';
import { readPeople, type People } from './people.ts';
import { readProcesses, type Process } from './process-list.ts';

/** What the checks look at, each read once, in bulk, and not changed. */
export type Server = {
  readonly run: (file: `/${string}`, args: readonly string[], stdin?: string) => Promise<string>;
  /** The lines that MariaDB answers root with over its socket. */
  readonly sql: (statements: string) => Promise<readonly string[]>;
  /** The same of the server that tenants' databases are on, where the door is. */
  readonly doorSql: (statements: string) => Promise<readonly string[]>;
  readonly config: () => Promise<ExecutorConfig>;
  /** What the installation noted of the things that it put in place. */
  readonly installed: () => Promise<readonly Installed[]>;
  readonly people: () => Promise<People>;
  readonly processes: () => Promise<readonly Process[]>;
  readonly registry: () => Promise<Registered<SiteEntry>>;
  readonly tenants: () => Promise<Registered<TenantEntry>>;
  /** With what was removed, whose ids stay known. */
  readonly parts: () => Promise<Registered<PartEntry>>;
  /** Those that programs hold, open or not. */
  readonly ports: () => Promise<readonly PortEntry[]>;
  readonly now: () => Date;
};

/** `broken`: files that hold no entry, and why. */
export type Registered<Entry> = { readonly entries: readonly Entry[]; readonly broken: readonly string[] };

export const INSTALLED = '/var/lib/sculptor-root/installed';

export function createServer(commands: Pick<Commands, 'run'>): Server {
  const run: Server['run'] = (file, args, stdin = '') => commands.run({ file, args, stdin });
  const config = once(() => readConfig(createFiles()));
  const ask = async (socketPath: string, statements: string) => {
    const login = ['--no-defaults', '--protocol=socket', `--socket=${socketPath}`, '--user=root'];
    const form = ['--batch', '--raw', '--skip-column-names', '--connect-timeout=10'];
    return linesOf(await run('/usr/bin/mariadb', [...login, ...form], statements));
  };
  return {
    run,
    sql: async (statements) => ask((await config()).mariadbSocket, statements),
    doorSql: async (statements) => ask(tenantsServer(await config()).socketPath, statements),
    config,
    installed: once(async () => parseInstalled(await readFile(INSTALLED, 'utf8'))),
    people: once(readPeople),
    processes: once(readProcesses),
    registry: once(() => readRegister([paths.registry], { schema: SiteEntry, of: 'a site' })),
    tenants: once(() => readRegister([paths.tenants], { schema: TenantEntry, of: 'a tenant' })),
    ports: once(createPublicPorts({ commands, files: createFiles(), folders: createFolders() }).list),
    parts: once(() => {
      const folders = namesIn(paths.parts).map((site) => `${paths.parts}/${site}`);
      return readRegister(folders, { schema: PartEntry, of: "a site's part" });
    }),
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

type Form<Entry> = { readonly schema: z.ZodType<Entry>; readonly of: string };

async function readRegister<Entry extends { readonly id: string }>(
  folders: readonly string[],
  form: Form<Entry>,
): Promise<Registered<Entry>> {
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => ({ folder, name })));
  const read = await Promise.all(
    // What is being written at this moment begins with a dot.
    files.filter(({ name }) => !name.startsWith('.')).map((file) => readEntry(file, form)),
  );
  return {
    entries: read.filter((entry) => typeof entry !== 'string'),
    broken: read.filter((entry) => typeof entry === 'string'),
  };
}

/** One that cannot be understood keeps none of the others from being looked at. */
async function readEntry<Entry extends { readonly id: string }>(
  { folder, name }: { readonly folder: string; readonly name: string },
  { schema, of }: Form<Entry>,
): Promise<Entry | string> {
  const path = `${folder}/${name}`;
  try {
    const entry = schema.parse(JSON.parse(await readFile(path, 'utf8')));
    return `${entry.id}.json` === name ? entry : `${path} holds the entry of another, ${entry.id}`;
  } catch {
    return `${path} holds no entry of ${of}`;
  }
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | null = null;
  return () => (kept ??= read());
}
