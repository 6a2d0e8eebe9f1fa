import { z } from 'zod';
import { CacheSpec } from '../../../contract/caches.ts';
import { CertificateSpec } from '../../../contract/certificates.ts';
import { CronSpec } from '../../../contract/crons.ts';
import { DomainId, Generation, PartId } from '../../../contract/ids.ts';
import { RunSpec } from '../../../contract/runs.ts';
import { QueueSpec } from '../../../contract/queues.ts';
import { KeySpec, PartName, type PartType } from '../../../contract/site-parts.ts';
import type { Undo } from '../ensure.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { paths } from './paths.ts';

const common = {
  id: PartId,
  site: DomainId,
  name: PartName,
  since: z.iso.datetime(),
  /** The newest that was asked for: an older one is a replay. */
  generation: Generation,
  /** It was taken away; the id stays known, so that it cannot come back by a replay. */
  removed: z.boolean(),
};

/** What root remembers of something that belongs to a site: a type and its spec, as it was last asked for. */
export const PartEntry = z.discriminatedUnion('type', [
  z.strictObject({ ...common, type: z.literal('key'), spec: KeySpec }),
  z.strictObject({ ...common, type: z.literal('cache'), spec: CacheSpec }),
  z.strictObject({ ...common, type: z.literal('certificate'), spec: CertificateSpec }),
  z.strictObject({ ...common, type: z.literal('cron'), spec: CronSpec }),
  z.strictObject({ ...common, type: z.literal('run'), spec: RunSpec }),
  z.strictObject({ ...common, type: z.literal('queue'), spec: QueueSpec }),
]);
export type PartEntry = z.infer<typeof PartEntry>;
export type PartEntryOf<T extends PartType> = Extract<PartEntry, { type: T }>;

export type PartRegister = {
  /** Null for an id that was never here. */
  readonly read: (place: { readonly site: DomainId; readonly id: PartId }) => Promise<PartEntry | null>;
  readonly write: (entry: PartEntry) => Promise<Undo>;
  /** What a site has, without what was taken away. */
  readonly list: (site: DomainId) => Promise<readonly PartEntry[]>;
  /** With what was taken away. */
  readonly all: (site: DomainId) => Promise<readonly PartEntry[]>;
  /** Not even its id is known any more. */
  readonly drop: (place: { readonly site: DomainId; readonly id: PartId }) => Promise<void>;
  /** All that is known of a site's parts is forgotten: it is purged. */
  readonly forget: (site: DomainId) => Promise<void>;
  readonly isEmpty: (site: DomainId) => Promise<boolean>;
};

type Tools = {
  readonly files: Files;
  readonly folders: Pick<Folders, 'look' | 'list' | 'ensure' | 'remove'>;
};

export function createPartRegister({ files, folders }: Tools): PartRegister {
  const read: PartRegister['read'] = async ({ site, id }) => {
    const text = await files.read(paths.registeredPart(site, id));
    return text === null ? null : PartEntry.parse(JSON.parse(text));
  };
  const isEmpty = async (site: DomainId) => (await folders.look(paths.registeredParts(site))) === null;
  const all: PartRegister['all'] = async (site) => {
    if (await isEmpty(site)) return [];
    const names = await folders.list(paths.registeredParts(site));
    const ids = names.flatMap((name) => PartId.safeParse(name.replace(/\.json$/, '')).data ?? []);
    const entries = await Promise.all(ids.sort().map((id) => read({ site, id })));
    return entries.filter((entry) => entry !== null);
  };
  return {
    read,
    isEmpty,
    write: async (entry) => {
      await folders.ensure(paths.registeredParts(entry.site), { uid: 0, gid: 0, mode: 0o700 });
      return files.replace(paths.registeredPart(entry.site, entry.id), `${JSON.stringify(entry)}\n`, 0o600);
    },
    all,
    list: async (site) => (await all(site)).filter(({ removed }) => !removed),
    drop: async ({ site, id }) => {
      await files.remove(paths.registeredPart(site, id));
    },
    forget: (site) => folders.remove(paths.registeredParts(site)),
  };
}
