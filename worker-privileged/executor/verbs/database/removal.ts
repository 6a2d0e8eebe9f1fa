import type { Step, Undo } from '../../ensure.ts';
import type { DatabaseEntry } from '../../system/database-register.ts';
import { paths, stampOf } from '../../system/paths.ts';
import type { System } from '../../system/system.ts';
import { entryNow, type Register } from './registered.ts';

/** From here on nothing in it changes any more: what is noted and dumped next is what is dropped. */
export function closed({ mariadb }: Pick<System, 'mariadb'>, { id }: DatabaseEntry): Step {
  return inThisRun('close the database', async () => {
    await mariadb.close(id);
    return () => mariadb.open(id);
  });
}

export function shapeNoted(system: Register & Pick<System, 'mariadb'>, entry: DatabaseEntry): Step {
  const { mariadb, databases, now } = system;
  return inThisRun('note what it is', async () => {
    const shape = await mariadb.shape(entry.name);
    const accounts = [...(await mariadb.accounts(entry.id))];
    const dump = shape === null ? null : { stamp: stampOf(now()), shape, leftOut: [] };
    return databases.write({ ...(await entryNow(system, entry)), removal: { dump, accounts } });
  });
}

/** A schema that its tenant has dropped leaves nothing to keep. */
export function dumped(
  system: Pick<System, 'databases' | 'mariadb' | 'folders' | 'erase'>,
  entry: DatabaseEntry,
): readonly Step[] {
  const { mariadb, databases, erase } = system;
  let leftOut: readonly string[] = [];
  const write = inThisRun('dump the database', async () => {
    const dump = (await entryNow(system, entry)).removal?.dump;
    if (!dump) return () => Promise.resolve();
    const file = paths.dump(entry.id, dump.stamp);
    // What a run left that broke off may be half of it, and is not what is there now.
    await eraseDumps(system, entry);
    ({ leftOut } = await mariadb.dump(entry, file));
    return () => erase(file);
  });
  const note = {
    name: 'note what the dump leaves out',
    look: async () => (leftOut.length === (await leftOutOf(system, entry)).length ? null : 'it is not noted'),
    change: async () => {
      const standing = await entryNow(system, entry);
      if (!standing.removal?.dump) throw new Error('a dump was made of what is not noted');
      const dump = { ...standing.removal.dump, leftOut: [...leftOut] };
      return databases.write({ ...standing, removal: { ...standing.removal, dump } });
    },
  };
  return [write, note];
}

export async function dumpsOf(
  { folders }: Pick<System, 'folders'>,
  { id }: DatabaseEntry,
): Promise<string[]> {
  return (await folders.list(paths.dumps)).filter((name) => name.startsWith(`${id}-`));
}

export async function eraseDumps(
  system: Pick<System, 'folders' | 'erase'>,
  entry: DatabaseEntry,
): Promise<void> {
  for (const name of await dumpsOf(system, entry)) await system.erase(`${paths.dumps}/${name}`);
}

/** Views that MariaDB could not show when the database was dumped. */
export async function leftOutOf(
  system: Pick<System, 'databases'>,
  entry: DatabaseEntry,
): Promise<readonly string[]> {
  return (await entryNow(system, entry)).removal?.dump?.leftOut ?? [];
}

/** Its accounts and its schema; that it has begun is noted first, for what is left then is not the whole. */
export function dropped(system: Register & Pick<System, 'mariadb'>, entry: DatabaseEntry): Step {
  const { mariadb, databases, now } = system;
  const left = async () => {
    if ((await mariadb.find(entry.id))?.dropped === false) return 'it is on the server';
    return (await mariadb.accounts(entry.id)).length > 0 ? 'an account of it is on the server' : null;
  };
  return {
    name: 'drop the database and its accounts',
    look: left,
    change: async () => {
      const standing = await entryNow(system, entry);
      await databases.write({ ...standing, droppingAt: standing.droppingAt ?? now().toISOString() });
      await mariadb.remove(entry.id);
      return null;
    },
  };
}

export function removalNoted(system: Register, entry: DatabaseEntry): Step {
  const { databases, now } = system;
  return {
    name: 'note the removal',
    look: async () => ((await entryNow(system, entry)).removedAt === null ? 'it is not noted' : null),
    change: async () => {
      await databases.write({ ...(await entryNow(system, entry)), removedAt: now().toISOString() });
      return null;
    },
  };
}

/** Done in every run anew: what an earlier run noted may have changed since. */
export function inThisRun(name: string, act: () => Promise<Undo | null>): Step {
  let done = false;
  return {
    name,
    look: () => Promise.resolve(done ? null : 'it was not done in this run'),
    change: async () => {
      const undo = await act();
      done = true;
      return undo;
    },
  };
}
