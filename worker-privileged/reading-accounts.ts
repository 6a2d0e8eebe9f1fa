import { MaxConnections, PasswordHash, Privileges } from '../contract/databases.ts';
import { FailureError } from '../contract/failures.ts';
import type { Account } from '../contract/grants.ts';
import { DatabaseId, DatabaseUserId } from '../contract/ids.ts';
import { DatabaseName, DatabaseUserName } from '../contract/names.ts';
import type { Sql } from '../state/connection.ts';
import { databaseUserNameHolder } from '../state/held-names.ts';
import { readResourceState } from '../state/resource-states.ts';
import { readDatabaseUserVersion } from '../state/versions.ts';
import { parsed, refused } from './task.ts';
import type { Task } from './task.ts';

/** An account as it was asked for. */
export interface AskedAccount {
  readonly id: DatabaseUserId;
  readonly databaseId: DatabaseId;
  readonly account: Account;
}

type Version = Pick<Task['operation'], 'resourceId' | 'generation' | 'tenant' | 'server'>;

/** An account as that version asks for it. */
export async function readAccount(
  state: Sql,
  { resourceId, generation, tenant, server }: Version,
): Promise<AskedAccount> {
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
  const databaseId = parsed(DatabaseId, version.databaseId);
  if ((await databaseUserNameHolder(state, server, account.name)) !== id) {
    // It was asked for while the database was to come back, which came to nothing.
    if ((await readResourceState(state, databaseId))?.status === 'trashed') throw databaseInTrash();
    throw refused('its name is not held by this account');
  }
  return { id, databaseId, account };
}

function databaseInTrash(): FailureError {
  return new FailureError(
    'not_found',
    'The database of this account is in the trash.',
    'Restore that first, and look at how its operation ended.',
  );
}
