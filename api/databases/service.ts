import type { CreateDatabase, Database } from '../../contract/databases.ts';
import { DatabaseId } from '../../contract/ids.ts';
import type { ServerId, TenantId } from '../../contract/ids.ts';
import type { OperationKind } from '../../contract/operations.ts';
import type { Sql, State } from '../../state/connection.ts';
import {
  holdDatabaseName,
  insertDatabaseVersion,
  listDatabases,
  lockDatabase,
} from '../../state/databases.ts';
import type { DatabaseFilter, DatabaseVersion } from '../../state/databases.ts';
import { newId } from '../../state/new-ids.ts';
import { findOperation, insertOperation } from '../../state/operations.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';
import { nameTaken } from '../problems.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer, Written } from '../writer.ts';
import { beingDeleted, findAt } from './find.ts';
import type { DatabaseAddress } from './find.ts';

/** What can be asked for about databases. All throw ProblemErrors. */
export interface DatabaseService {
  readonly list: (tenant: TenantId, filter: Omit<DatabaseFilter, 'server'>) => Promise<Page<Database>>;
  readonly read: (tenant: TenantId, address: DatabaseAddress) => Promise<Database>;
  readonly create: (context: WriteContext, wanted: CreateDatabase) => Promise<WriteAnswer>;
  readonly remove: (context: WriteContext, address: DatabaseAddress) => Promise<WriteAnswer>;
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
    create: (context, { name }) =>
      write(context, 'database.create', async (sql) => {
        const id = DatabaseId.parse(newId(12));
        const version = { id, name, generation: 1, tenant: context.caller.tenant, server };
        const taken = await holdDatabaseName(sql, version);
        if (taken !== undefined) throw nameTaken({ field: 'name', ...SENTENCES[taken] });
        return put(sql, version, { kind: 'database.create', context });
      }),
    remove: (context, address) =>
      write(context, 'database.delete', async (sql) => {
        const { tenant } = context.caller;
        const { id } = (await findAt(sql, { tenant, server, address })).database;
        const generation = await lockDatabase(sql, id);
        const { database, deleted } = await findAt(sql, { tenant, server, address: { id } });
        // A removal that failed may be asked for again; one that is under way is enough.
        if (deleted && database.status !== 'failed') throw beingDeleted(database);
        return put(sql, { ...database, generation }, { kind: 'database.delete', context });
      }),
  };
}

interface Purpose {
  readonly kind: OperationKind;
  readonly context: WriteContext;
}

async function put(sql: Sql, wanted: DatabaseVersion, { kind, context }: Purpose): Promise<Written> {
  const { id, name, generation, tenant, server } = wanted;
  await insertDatabaseVersion(sql, wanted, kind === 'database.delete');
  const operationId = await insertOperation(sql, {
    ...{ kind, resource: { id, name }, serialKey: `database:${id}`, generation, tenant, server },
    actor: context.caller.tokenId,
  });
  const record = await findOperation(sql, tenant, operationId);
  if (record === undefined) throw new Error('an operation that was just written is not there');
  const { database } = await findAt(sql, { tenant, server, address: { id } });
  const { operation } = record;
  return { operation, body: { operation, database } };
}

const SENTENCES = {
  held: { message: 'There is a database of this name.', expected: 'a name that is free' },
  'being-deleted': {
    message: 'The database of this name is being deleted.',
    expected: 'a name that is free; this one is once that operation has succeeded',
  },
} as const;
