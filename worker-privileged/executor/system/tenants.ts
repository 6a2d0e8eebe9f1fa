import { z } from 'zod';
import { Generation, TenantId } from '../../../contract/ids.ts';
import { Plan } from '../../../contract/tenants.ts';
import type { Undo } from '../ensure.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { paths } from './paths.ts';

/** What root remembers of a tenant: what it may have, and whether what it has is served. */
export const TenantEntry = z.strictObject({
  id: TenantId,
  kind: z.literal('tenant'),
  since: z.iso.datetime(),
  /** The newest that was asked for: an older one is a replay. */
  generation: Generation,
  plan: Plan,
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
};

type Tools = { readonly files: Pick<Files, 'read' | 'replace'>; readonly folders: Pick<Folders, 'list'> };

export function createTenantRegister({ files, folders }: Tools): TenantRegister {
  const read = async (id: TenantId) => {
    const text = await files.read(paths.registeredTenant(id));
    return text === null ? null : TenantEntry.parse(JSON.parse(text));
  };
  return {
    read,
    write: (entry) => files.replace(paths.registeredTenant(entry.id), `${JSON.stringify(entry)}\n`, 0o600),
    list: async () => {
      const names = await folders.list(paths.tenants);
      const ids = names.flatMap((name) => TenantId.safeParse(name.replace(/\.json$/, '')).data ?? []);
      return (await Promise.all(ids.map(read))).filter((entry) => entry !== null);
    },
  };
}
