import { MaxConnections, PasswordHash, Privileges } from '../../contract/databases.ts';
import { FailureError } from '../../contract/failures.ts';
import { DatabaseId, DatabaseUserId } from '../../contract/ids.ts';
import { DatabaseName, DatabaseUserName } from '../../contract/names.ts';
import type { Sql } from '../../state/connection.ts';
import { databaseUserNameHolder } from '../../state/held-names.ts';
import { readDatabaseUserVersion } from '../../state/versions.ts';
import type { DatabaseDoor } from '../database-door.ts';
import { compareGrants } from '../../contract/grants.ts';
import type { Account } from '../../contract/grants.ts';
import { doStep, parsed, refused } from '../task.ts';
import type { Handler, Task } from '../task.ts';

export interface DatabaseUserParts {
  readonly state: Sql;
  readonly door: DatabaseDoor;
}

type DatabaseUserKinds =
  'databaseUser.create' | 'databaseUser.update' | 'databaseUser.rotate' | 'databaseUser.delete';

export function createDatabaseUserHandlers({
  state,
  door,
}: DatabaseUserParts): Readonly<Record<DatabaseUserKinds, Handler>> {
  const put = (name: string): Handler => ({
    apply: async (task) => {
      const asked = await readAsked(state, task);
      await putAccount(door, asked, { task, name });
      await readBack(door, asked, task);
      return 'live' as const;
    },
    discard: (task) => remove(door, task),
  });
  return {
    'databaseUser.create': put('create account'),
    'databaseUser.update': put('change account'),
    'databaseUser.rotate': put('change password'),
    'databaseUser.delete': { apply: (task) => remove(door, task).then(() => 'deleted') },
  };
}

interface Asked {
  readonly id: DatabaseUserId;
  readonly databaseId: DatabaseId;
  readonly account: Account;
}

async function putAccount(
  door: DatabaseDoor,
  { id, databaseId, account }: Asked,
  { task, name }: { readonly task: Task; readonly name: string },
): Promise<void> {
  await doStep(task, name, async () => {
    const stands = compareGrants(account, await door.readUser(id));
    if (stands.rights && stands.password) return false;
    // Rights that are right are left alone: to grant them anew is to take them away first.
    if (stands.rights) await door.putPassword(id, account.passwordHash);
    else await door.putUser(id, databaseId, account);
    return true;
  });
}

async function readBack(door: DatabaseDoor, { id, account }: Asked, task: Task): Promise<void> {
  await doStep(task, 'read back grants', async () => {
    const { rights, password } = compareGrants(account, await door.readUser(id));
    if (!rights) throw mismatch('rights');
    if (!password) throw mismatch('password');
    return false;
  });
}

async function remove(door: DatabaseDoor, task: Task): Promise<void> {
  const id = parsed(DatabaseUserId, task.operation.resourceId);
  await doStep(task, 'remove account', async () => {
    const there = (await door.readUser(id)).length > 0;
    await door.dropUser(id);
    return there;
  });
}

function readAsked(state: Sql, { operation }: Task): Promise<Asked> {
  return readAccount(state, operation);
}

type Version = Pick<Task['operation'], 'resourceId' | 'generation' | 'tenant' | 'server'>;

/** An account as that version asks for it. */
export async function readAccount(
  state: Sql,
  { resourceId, generation, tenant, server }: Version,
): Promise<Asked> {
  const version = await readDatabaseUserVersion(state, resourceId, generation);
  if (version === undefined || version.deleted || version.tenant !== tenant || version.server !== server) {
    throw refused('there is no such version of this account');
  }
  const id = parsed(DatabaseUserId, resourceId);
  const account = {
    name: parsed(DatabaseUserName, version.name),
    database: parsed(DatabaseName, version.databaseName),
    privileges: parsed(Privileges, version.privileges),
    passwordHash: parsed(PasswordHash, version.passwordHash),
    maxConnections: parsed(MaxConnections, version.maxConnections),
  };
  if ((await databaseUserNameHolder(state, server, account.name)) !== id) {
    throw refused('its name is not held by this account');
  }
  return { id, databaseId: parsed(DatabaseId, version.databaseId), account };
}

function mismatch(what: 'rights' | 'password'): FailureError {
  return new FailureError(
    'mismatch',
    `Read back, the account's ${what} were not as they had been written.`,
    'Ask again; if it fails the same way, somebody else changes accounts on this database server.',
  );
}
