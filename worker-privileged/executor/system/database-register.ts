import { z } from 'zod';
import { DatabaseId } from '../../../contract/ids.ts';
import { DatabaseName } from '../../../contract/names.ts';
import type { Undo } from '../ensure.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { Shape, StoredAccount } from './mariadb.ts';
import { paths } from './paths.ts';

/** What a database was when it was closed, to be brought back as that. */
export const Removal = z.strictObject({
  /** Null where its tenant had dropped the schema: there is no dump then. */
  dump: z
    .strictObject({
      stamp: z.string().max(40),
      shape: Shape,
      /** Views that could not be shown, and are not in it. */
      leftOut: z.array(z.string().max(64)).default([]),
    })
    .nullable(),
  accounts: z.array(StoredAccount),
});
export type Removal = z.infer<typeof Removal>;

/** What root remembers of a database that was protected or removed. The door knows which there are. */
export const DatabaseEntry = z.strictObject({
  id: DatabaseId,
  kind: z.literal('database'),
  name: DatabaseName,
  since: z.iso.datetime(),
  /** Set by whoever asks, and cleared by root alone. */
  protected: z.boolean().default(false),
  removal: Removal.nullable().default(null),
  /** From then on what MariaDB has is not the whole any more, and what the dump has is. */
  droppingAt: z.iso.datetime().nullable().default(null),
  /** Since when it lies in the trash; null while it is a database. */
  removedAt: z.iso.datetime().nullable().default(null),
  /** From the first on there is no way back; with the second, its id and its name alone are left, for ever. */
  purgingAt: z.iso.datetime().nullable().default(null),
  purgedAt: z.iso.datetime().nullable().default(null),
});
export type DatabaseEntry = z.infer<typeof DatabaseEntry>;

export type DatabaseRegister = {
  /** Null for one of which nothing had to be remembered. */
  readonly read: (id: DatabaseId) => Promise<DatabaseEntry | null>;
  readonly write: (entry: DatabaseEntry) => Promise<Undo>;
  readonly list: () => Promise<readonly DatabaseEntry[]>;
};

type Tools = { readonly files: Pick<Files, 'read' | 'replace'>; readonly folders: Pick<Folders, 'list'> };

export function createDatabaseRegister({ files, folders }: Tools): DatabaseRegister {
  const read = async (id: DatabaseId) => {
    const text = await files.read(paths.registeredDatabase(id));
    return text === null ? null : DatabaseEntry.parse(JSON.parse(text));
  };
  return {
    read,
    write: (entry) => files.replace(paths.registeredDatabase(entry.id), `${JSON.stringify(entry)}\n`, 0o600),
    list: async () => {
      const names = await folders.list(paths.databases);
      const ids = names.flatMap((name) => DatabaseId.safeParse(name.replace(/\.json$/, '')).data ?? []);
      return (await Promise.all(ids.map(read))).filter((entry) => entry !== null);
    },
  };
}
