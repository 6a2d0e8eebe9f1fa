import { z } from 'zod';
import { Generation, TenantId } from '../../../contract/ids.ts';
import { Plan } from '../../../contract/tenants.ts';
import type { Undo } from '../ensure.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import type { Locks } from './locks.ts';
import { paths } from './paths.ts';

/**
 * Numbers of projects, as the file system knows them: far from those that container engines and Kubernetes count up
 * from (1 048 577), and within what every tool reads as a signed number.
 */
export const FIRST_PROJECT = 1_700_000_000;
export const LAST_PROJECT = 1_799_999_999;

/** What root remembers of a tenant: what it may have, and whether what it has is served. */
export const TenantEntry = z.strictObject({
  id: TenantId,
  kind: z.literal('tenant'),
  since: z.iso.datetime(),
  /** The newest that was asked for: an older one is a replay. */
  generation: Generation,
  plan: Plan,
  /** By what number the kernel counts its files; null while its disk was never limited. For its life, and beyond. */
  project: z.int().min(FIRST_PROJECT).max(LAST_PROJECT).nullable().default(null),
  suspendedAt: z.iso.datetime().nullable(),
  /** Since when it lies in the trash; null while it is a tenant. */
  removedAt: z.iso.datetime().nullable(),
  /** Its id alone is left, for ever. */
  purgedAt: z.iso.datetime().nullable(),
});
export type TenantEntry = z.infer<typeof TenantEntry>;

export type TenantRegister = {
  /** Null for an id that was never here; `default` needs no entry, and has no limits without. */
  readonly read: (id: TenantId) => Promise<TenantEntry | null>;
  readonly write: (entry: TenantEntry) => Promise<Undo>;
  readonly list: () => Promise<readonly TenantEntry[]>;
  /** A number that no tenant had before. */
  readonly nextProject: () => Promise<number>;
};

type Tools = {
  readonly files: Pick<Files, 'read' | 'replace'>;
  readonly folders: Pick<Folders, 'list'>;
  readonly locks: Locks;
};

export function createTenantRegister({ files, folders, locks }: Tools): TenantRegister {
  const read = async (id: TenantId) => {
    const text = await files.read(paths.registeredTenant(id));
    return text === null ? null : TenantEntry.parse(JSON.parse(text));
  };
  const list = async () => {
    const names = await folders.list(paths.tenants);
    const ids = names.flatMap((name) => TenantId.safeParse(name.replace(/\.json$/, '')).data ?? []);
    return (await Promise.all(ids.map(read))).filter((entry) => entry !== null);
  };
  return {
    read,
    write: (entry) => files.replace(paths.registeredTenant(entry.id), `${JSON.stringify(entry)}\n`, 0o600),
    list,
    nextProject: () =>
      locks.during('next-project', async () => {
        const noted = await files.read(paths.nextProject);
        const project = noted === null ? projectAfterAll(await list()) : projectFrom(noted);
        if (project > LAST_PROJECT) throw new Error('every number of a project was given once');
        await files.replace(paths.nextProject, `${project + 1}\n`, 0o600);
        return project;
      }),
  };
}

/** A note that cannot be read stops everything: beginning anew would give a number twice. */
function projectFrom(note: string): number {
  const project = /^[0-9]{1,10}\n$/.test(note) ? Number(note) : Number.NaN;
  if (!(project >= FIRST_PROJECT)) throw new Error(`${paths.nextProject} holds no number of a project`);
  return project;
}

/** Where there is no note: past every number that a tenant has, or had. */
function projectAfterAll(entries: readonly TenantEntry[]): number {
  return Math.max(FIRST_PROJECT, ...entries.map(({ project }) => (project ?? 0) + 1));
}
