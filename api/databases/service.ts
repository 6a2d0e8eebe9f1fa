import type { CreateDatabase, Database, UpdateDatabase } from '../../contract/databases.ts';
import { DatabaseId } from '../../contract/ids.ts';
import type { Generation, ServerId, TenantId } from '../../contract/ids.ts';
import type { OperationKind } from '../../contract/operations.ts';
import type { Sql, State } from '../../state/connection.ts';
import { holdReturningUserNames } from '../../state/database-users.ts';
import {
  holdDatabaseName,
  insertDatabaseVersion,
  listDatabases,
  lockDatabase,
} from '../../state/databases.ts';
import type { DatabaseFilter, DatabaseRecord, DatabaseVersion } from '../../state/databases.ts';
import { newId } from '../../state/new-ids.ts';
import { writeOperation } from '../../state/operations.ts';
import { insertProtection } from '../../state/protection.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';
import { inTrash, isProtected, nameTaken, ProblemError } from '../problems.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer, Written } from '../writer.ts';
import { chooseCharacterSet } from './character-set.ts';
import { beingDeleted, findAt } from './find.ts';
import type { DatabaseAddress, DatabasePlace } from './find.ts';

/** What can be asked for about databases. All throw ProblemErrors. */
export interface DatabaseService {
  readonly list: (tenant: TenantId, filter: Omit<DatabaseFilter, 'server'>) => Promise<Page<Database>>;
  readonly read: (tenant: TenantId, address: DatabaseAddress) => Promise<Database>;
  readonly create: (context: WriteContext, wanted: CreateDatabase) => Promise<WriteAnswer>;
  /** Protects it, or changes the character set of what is made in it from then on. */
  readonly update: (
    context: WriteContext,
    address: DatabaseAddress,
    change: UpdateDatabase,
  ) => Promise<WriteAnswer>;
  readonly remove: (context: WriteContext, address: DatabaseAddress) => Promise<WriteAnswer>;
  /** With its accounts as they were, if its name and theirs are free. */
  readonly restore: (context: WriteContext, address: DatabaseAddress) => Promise<WriteAnswer>;
}

export interface DatabaseServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
}

export function createDatabaseService({ state, write, server }: DatabaseServiceParts): DatabaseService {
  return {
    list: async (tenant, filter) => {
      const found = await listDatabases(state, tenant, { ...filter, server, limit: filter.limit + 1 });
      const databases = found.map(({ database }) => database);
      return toPage(databases, filter.limit, ({ name }) => name);
    },
    read: async (tenant, address) => (await findAt(state, { tenant, server, address })).database,
    create: (context, wanted) =>
      write(context, 'database.create', async (sql) => {
        const id = DatabaseId.parse(newId(12));
        const characterSet = await chooseCharacterSet(sql, server, { wanted });
        const place = { tenant: context.caller.tenant, server };
        const version = { ...wanted, ...characterSet, ...place, id, generation: 1 };
        await holdName(sql, version);
        return put(sql, version, { kind: 'database.create', context });
      }),
    update: (context, address, change) =>
      write(context, 'database.update', async (sql) => {
        const { record, generation } = await claim(sql, { tenant: context.caller.tenant, server, address });
        requireStanding(record);
        const { database: standing } = record;
        const characterSet = await chooseCharacterSet(sql, server, { wanted: change, standing });
        const isProtected = change.protected ?? standing.protected;
        const version = { ...standing, ...characterSet, protected: isProtected, generation };
        return put(sql, version, { kind: 'database.update', context });
      }),
    remove: (context, address) =>
      write(context, 'database.delete', (sql) => removeDatabase(sql, { context, server }, address)),
    restore: (context, address) =>
      write(context, 'database.restore', (sql) => restoreDatabase(sql, { context, server }, address)),
  };
}

export interface DatabaseWriter {
  readonly context: WriteContext;
  readonly server: ServerId;
}

/** Writes what it takes to remove a database; its tenant's removal does it for each. */
export async function removeDatabase(
  sql: Sql,
  { context, server }: DatabaseWriter,
  address: DatabaseAddress,
): Promise<Written> {
  const { record, generation } = await claim(sql, { tenant: context.caller.tenant, server, address });
  const { database, deleted } = record;
  // A removal that failed may be asked for again; one that is under way is enough.
  if (!deleted || database.status !== 'failed') requireStanding(record);
  if (database.protected) throw isProtected(database.name);
  return put(sql, { ...database, generation }, { kind: 'database.delete', context });
}

export async function restoreDatabase(
  sql: Sql,
  { context, server }: DatabaseWriter,
  address: DatabaseAddress,
): Promise<Written> {
  const { record, generation } = await claim(sql, { tenant: context.caller.tenant, server, address });
  const version = { ...record.database, generation };
  if (version.status !== 'trashed')
    throw new ProblemError('conflict', `${version.name} is not in the trash.`);
  await holdName(sql, version);
  const taken = await holdReturningUserNames(sql, version);
  if (taken !== undefined) throw userNameTaken(taken);
  return put(sql, version, { kind: 'database.restore', context });
}

function requireStanding({ database, deleted }: DatabaseRecord): void {
  if (database.status === 'trashed') throw inTrash(database.name);
  if (deleted) throw beingDeleted(database);
}

interface Claimed {
  readonly record: DatabaseRecord;
  /** Of the version that is to be written. */
  readonly generation: Generation;
}

/** Locks the database, and reads it as it is under the lock. */
async function claim(sql: Sql, place: DatabasePlace): Promise<Claimed> {
  const { id } = (await findAt(sql, place)).database;
  const generation = await lockDatabase(sql, id);
  return { generation, record: await findAt(sql, { ...place, address: { id } }) };
}

async function holdName(sql: Sql, version: DatabaseVersion): Promise<void> {
  const taken = await holdDatabaseName(sql, version);
  if (taken !== undefined) throw nameTaken({ field: 'name', ...SENTENCES[taken] });
}

function userNameTaken(name: string): ProblemError {
  return nameTaken({
    field: 'name',
    message: `The name of its user ${name} is in use by now.`,
    expected: 'names that are free, of the database and of all its users',
  });
}

interface Purpose {
  readonly kind: OperationKind;
  readonly context: WriteContext;
}

type Wanted = DatabaseVersion & { readonly protected: boolean };

async function put(sql: Sql, wanted: Wanted, { kind, context }: Purpose): Promise<Written> {
  const { id, name, generation, tenant, server } = wanted;
  const actor = context.caller.tokenId;
  if (wanted.protected) await insertProtection(sql, { type: 'database', id, actor });
  await insertDatabaseVersion(sql, wanted, kind === 'database.delete');
  const operation = await writeOperation(sql, {
    ...{ kind, resource: { id, name }, serialKey: `database:${id}`, generation, tenant, server },
    actor,
  });
  const { database } = await findAt(sql, { tenant, server, address: { id } });
  return { operation, body: { operation, database } };
}

const SENTENCES = {
  held: { message: 'There is a database of this name.', expected: 'a name that is free' },
  'being-deleted': {
    message: 'The database of this name is being deleted.',
    expected: 'a name that is free; this one is once that operation has succeeded',
  },
} as const;
