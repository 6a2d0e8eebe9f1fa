import { FailureError } from '../../../../contract/failures.ts';
import type { DatabaseId } from '../../../../contract/ids.ts';
import type { DatabaseName } from '../../../../contract/names.ts';
import type { Step } from '../../ensure.ts';
import type { DatabaseEntry } from '../../system/database-register.ts';
import type { System } from '../../system/system.ts';

export type Register = Pick<System, 'databases' | 'now'>;

export function newEntry(
  { now }: Register,
  { id, name }: { readonly id: DatabaseId; readonly name: DatabaseName },
): DatabaseEntry {
  return {
    id,
    kind: 'database',
    name,
    since: now().toISOString(),
    protected: false,
    removal: null,
    droppingAt: null,
    removedAt: null,
    purgingAt: null,
    purgedAt: null,
  };
}

/** The entry as it stands by now, which an earlier step may have written. */
export async function entryNow({ databases }: Pick<System, 'databases'>, entry: DatabaseEntry) {
  return (await databases.read(entry.id)) ?? entry;
}

export function protectionNoted(system: Register, entry: DatabaseEntry): Step {
  return {
    name: 'note that it is protected',
    look: async () =>
      (await entryNow(system, entry)).protected && (await isNoted(system, entry)) ? null : 'it is not noted',
    change: async () => system.databases.write({ ...(await entryNow(system, entry)), protected: true }),
  };
}

async function isNoted({ databases }: Register, { id }: DatabaseEntry): Promise<boolean> {
  return (await databases.read(id)) !== null;
}

/** What is protected is not removed. */
export function refuseIfProtected(entry: DatabaseEntry): void {
  if (!entry.protected) return;
  throw new FailureError(
    'protected',
    'The database is protected: it is not removed.',
    `On the server, as root: sculptorctl unprotect database ${entry.name}`,
  );
}
