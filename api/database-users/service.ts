import type {
  CreateDatabaseUser,
  Database,
  DatabaseServer,
  DatabaseUser,
  PasswordHash,
  UpdateDatabaseUser,
} from '../../contract/databases.ts';
import { DatabaseUserId } from '../../contract/ids.ts';
import type { DatabaseId, ServerId, TenantId } from '../../contract/ids.ts';
import type { DatabaseUserName } from '../../contract/names.ts';
import { hashFor } from '../../contract/password-hashes.ts';
import type { OperationKind } from '../../contract/operations.ts';
import type { Secret } from '../../runtime/secret.ts';
import type { Sql, State } from '../../state/connection.ts';
import {
  findDatabaseUser,
  holdDatabaseUserName,
  insertDatabaseUserVersion,
  listDatabaseUsers,
} from '../../state/database-users.ts';
import type {
  DatabaseUserFilter,
  DatabaseUserRecord,
  DatabaseUserVersion,
} from '../../state/database-users.ts';
import { lockDatabase } from '../../state/databases.ts';
import { newId } from '../../state/new-ids.ts';
import { writeOperation } from '../../state/operations.ts';
import { nextGeneration } from '../../state/versions-of.ts';
import { beingDeleted, findAt } from '../databases/find.ts';
import type { DatabaseAddress, DatabasePlace } from '../databases/find.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';
import { inTrash, nameTaken, notFound, ProblemError } from '../problems.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer, Written } from '../writer.ts';
import { requireAllowedConnections } from './connections.ts';
import { newPassword, NO_PASSWORD, shownOnce } from './passwords.ts';

/** An account within its database, by id or by name; an id goes first. */
export interface DatabaseUserAddress {
  readonly database: DatabaseAddress;
  readonly id?: DatabaseUserId | undefined;
  readonly name?: DatabaseUserName | undefined;
}

/** What can be asked for about a database's accounts. All throw ProblemErrors. */
export interface DatabaseUserService {
  readonly list: (
    tenant: TenantId,
    database: DatabaseAddress,
    filter: DatabaseUserFilter,
  ) => Promise<Page<DatabaseUser>>;
  readonly read: (tenant: TenantId, address: DatabaseUserAddress) => Promise<DatabaseUser>;
  /** The answer holds the password, this once. */
  readonly create: (
    context: WriteContext,
    database: DatabaseAddress,
    wanted: CreateDatabaseUser,
  ) => Promise<WriteAnswer>;
  /** Its password stays as it is. */
  readonly update: (
    context: WriteContext,
    address: DatabaseUserAddress,
    change: UpdateDatabaseUser,
  ) => Promise<WriteAnswer>;
  /** The answer holds the new password, this once. */
  readonly rotate: (context: WriteContext, address: DatabaseUserAddress) => Promise<WriteAnswer>;
  readonly remove: (context: WriteContext, address: DatabaseUserAddress) => Promise<WriteAnswer>;
}

export interface DatabaseUserServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
  /** What the databases are on, which says what a password's hash is. */
  readonly databaseServer: DatabaseServer;
}

export function createDatabaseUserService({
  state,
  write,
  server,
  databaseServer,
}: DatabaseUserServiceParts): DatabaseUserService {
  /** None is made for a plan. */
  const anotherPassword = ({ plan }: WriteContext): { readonly another?: NewPassword } => {
    if (plan) return {};
    const password = newPassword();
    return { another: { password, passwordHash: hashFor(databaseServer, password.reveal()) } };
  };
  return {
    list: async (tenant, address, { after, limit }) => {
      const { database, deleted } = await findAt(state, { tenant, server, address });
      const found = await listDatabaseUsers(state, database.id, { after, limit: limit + 1 });
      const users = found.map(({ user }) => (deleted ? { ...user, status: 'deleting' as const } : user));
      return toPage(users, limit, ({ name }) => name);
    },
    read: async (tenant, address) => {
      const { database, deleted } = await findAt(state, { tenant, server, address: address.database });
      const { user } = await findUser(state, database.id, address);
      return deleted ? { ...user, status: 'deleting' } : user;
    },
    create: (context, address, wanted) =>
      write(context, 'databaseUser.create', async (sql) => {
        const { id: database, tenant } = await claim(sql, { tenant: context.caller.tenant, server, address });
        await requireAllowedConnections(sql, server, wanted.maxConnections);
        const id = DatabaseUserId.parse(newId(12));
        const version = { ...wanted, id, database, generation: 1, tenant, server };
        const taken = await holdDatabaseUserName(sql, version);
        if (taken !== undefined) throw nameTaken(TAKEN);
        return put(sql, version, { kind: 'databaseUser.create', context, ...anotherPassword(context) });
      }),
    update: (context, address, { privileges, maxConnections }) =>
      write(context, 'databaseUser.update', async (sql) => {
        const standing = await nextVersion(sql, { context, server, address });
        await requireAllowedConnections(sql, server, maxConnections);
        const version = {
          ...standing,
          privileges: privileges ?? standing.privileges,
          maxConnections: maxConnections === undefined ? standing.maxConnections : maxConnections,
        };
        return put(sql, version, { kind: 'databaseUser.update', context });
      }),
    rotate: (context, address) =>
      write(context, 'databaseUser.rotate', async (sql) => {
        const version = await nextVersion(sql, { context, server, address });
        return put(sql, version, { kind: 'databaseUser.rotate', context, ...anotherPassword(context) });
      }),
    remove: (context, address) =>
      write(context, 'databaseUser.delete', async (sql) => {
        const version = await nextVersion(sql, { context, server, address });
        return put(sql, version, { kind: 'databaseUser.delete', context });
      }),
  };
}

/** Locks the database, which everything about its accounts waits for, and sees that it is to stay. */
async function claim(sql: Sql, place: DatabasePlace): Promise<Database> {
  const { id } = (await findAt(sql, place)).database;
  await lockDatabase(sql, id);
  const { database, deleted } = await findAt(sql, { ...place, address: { id } });
  if (database.status === 'trashed') throw inTrash(database.name);
  if (deleted) throw beingDeleted(database);
  return database;
}

interface UserPlace {
  readonly context: WriteContext;
  readonly server: ServerId;
  readonly address: DatabaseUserAddress;
}

/** An account as it is, with the number of its next version. */
async function nextVersion(sql: Sql, { context, server, address }: UserPlace): Promise<DatabaseUserVersion> {
  const place = { tenant: context.caller.tenant, server, address: address.database };
  const database = await claim(sql, place);
  const { user, deleted } = await findUser(sql, database.id, address);
  if (deleted && !(user.status === 'failed')) {
    throw new ProblemError('conflict', `${user.name} is being deleted. Wait for the end of that operation.`);
  }
  return { ...user, generation: await nextGeneration(sql, 'databaseUser', user.id) };
}

async function findUser(
  sql: Sql,
  database: DatabaseId,
  { id, name }: DatabaseUserAddress,
): Promise<DatabaseUserRecord> {
  const byId = id === undefined ? undefined : await findDatabaseUser(sql, database, { id });
  const found = byId ?? (name === undefined ? undefined : await findDatabaseUser(sql, database, { name }));
  if (found === undefined) throw notFound('user with this id or name in this database');
  return found;
}

interface Purpose {
  readonly kind: OperationKind;
  readonly context: WriteContext;
  /** None for an account that is to go, or keeps the one it has. */
  readonly another?: NewPassword;
}

interface NewPassword {
  readonly password: Secret;
  readonly passwordHash: PasswordHash;
}

/** Writes the version and its operation. Of the password only the hash is written, and the answer holds it. */
async function put(
  sql: Sql,
  wanted: DatabaseUserVersion,
  { kind, context, another }: Purpose,
): Promise<Written> {
  const { id, name, database, generation, tenant, server } = wanted;
  const deleted = kind === 'databaseUser.delete';
  const passwordHash = deleted ? NO_PASSWORD : (another?.passwordHash ?? null);
  await insertDatabaseUserVersion(sql, wanted, { passwordHash, deleted });
  const operation = await writeOperation(sql, {
    ...{ kind, resource: { id, name }, serialKey: `database:${database}`, generation, tenant, server },
    actor: context.caller.tokenId,
  });
  const { user } = await findUser(sql, database, { database: {}, id });
  const written = { operation, body: { operation, databaseUser: user } };
  return another === undefined ? written : { ...written, once: shownOnce(another.password) };
}

const TAKEN = {
  field: 'name',
  message: 'There is a database user of this name on this server.',
  expected: 'a name that is free on this server',
} as const;
