import { FailureError } from '../../../contract/failures.ts';
import { DatabaseId } from '../../../contract/ids.ts';
import { DatabaseName } from '../../../contract/names.ts';
import type { DatabaseEntry, DatabaseRegister } from '../system/database-register.ts';
import { UsageError } from './command.ts';
import { pickStanding, pickTrashed } from './named-entry.ts';

/** A database as root named it. Some words can be either; an id goes first. */
export type DatabaseWord = { readonly id?: DatabaseId | undefined; readonly name?: DatabaseName | undefined };

export function readDatabaseWord([word, ...more]: readonly string[]): DatabaseWord {
  if (more.length > 0) throw new UsageError('it takes one database');
  const read = { id: DatabaseId.safeParse(word).data, name: DatabaseName.safeParse(word).data };
  if (read.id !== undefined || read.name !== undefined) return read;
  throw new UsageError('it wants the name of a database, as sculptorctl database list shows it, or its id');
}

/** The one that is meant, out of those that root remembers: which are protected, or were removed. */
export function findDatabase(register: DatabaseRegister, word: DatabaseWord): Promise<DatabaseEntry> {
  return find(register, word, pickStanding);
}

/** The same, of what lies in the trash. */
export function findTrashedDatabase(register: DatabaseRegister, word: DatabaseWord): Promise<DatabaseEntry> {
  return find(register, word, pickTrashed);
}

async function find(
  register: DatabaseRegister,
  { id, name }: DatabaseWord,
  pick: typeof pickStanding<DatabaseEntry>,
): Promise<DatabaseEntry> {
  const byId = id === undefined ? null : await register.read(id);
  const found = byId ?? (name === undefined ? undefined : pick(await register.list(), name));
  if (found !== undefined) return found;
  throw new FailureError(
    'not_found',
    'There is no such database that is protected, or in the trash, on this server.',
    'sculptorctl database list and sculptorctl trash list show what there is.',
  );
}
