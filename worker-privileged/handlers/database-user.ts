import { compareGrants } from '../../contract/grants.ts';
import { FailureError } from '../../contract/failures.ts';
import { DatabaseId, DatabaseUserId } from '../../contract/ids.ts';
import { readDatabaseUserVersion } from '../../state/versions.ts';
import type { DatabaseDoor } from '../database-door.ts';
import { keepDriftOfDatabase } from '../keeping-drift.ts';
import type { KeepingParts } from '../keeping-drift.ts';
import { readAccount } from '../reading-accounts.ts';
import type { AskedAccount } from '../reading-accounts.ts';
import { doStep, parsed } from '../task.ts';
import type { Handler, Task } from '../task.ts';

export interface DatabaseUserParts extends KeepingParts {
  readonly door: DatabaseDoor;
}

type DatabaseUserKinds =
  'databaseUser.create' | 'databaseUser.update' | 'databaseUser.rotate' | 'databaseUser.delete';

export function createDatabaseUserHandlers(
  parts: DatabaseUserParts,
): Readonly<Record<DatabaseUserKinds, Handler>> {
  const { state, door } = parts;
  const put = (name: string): Handler => ({
    apply: async (task) => {
      const asked = await readAccount(state, task.operation);
      await keepDriftOfDatabase(parts, task, asked.databaseId);
      await putAccount(door, asked, { task, name });
      await readBack(door, asked, task);
      return 'live' as const;
    },
    discard: (task) => discard(door, task).then(() => 'deleted'),
  });
  return {
    'databaseUser.create': put('create account'),
    'databaseUser.update': put('change account'),
    'databaseUser.rotate': put('change password'),
    'databaseUser.delete': { apply: (task) => remove(parts, task).then(() => 'deleted') },
  };
}

async function putAccount(
  door: DatabaseDoor,
  { id, databaseId, account }: AskedAccount,
  { task, name }: { readonly task: Task; readonly name: string },
): Promise<void> {
  await doStep(task, name, async () => {
    const stands = compareGrants(account, await door.readUser(id));
    if (stands.rights && stands.password) return false;
    // Rights that are right are left alone: to grant them anew is to take them away first.
    const held = door.heldBy(task.operation);
    if (stands.rights) await held.putPassword(id, account.passwordHash);
    else await held.putUser(id, databaseId, account);
    return true;
  });
}

async function readBack(door: DatabaseDoor, { id, account }: AskedAccount, task: Task): Promise<void> {
  await doStep(task, 'read back grants', async () => {
    const { rights, password } = compareGrants(account, await door.readUser(id));
    if (!rights) throw mismatch('rights');
    if (!password) throw mismatch('password');
    return false;
  });
}

async function remove(parts: DatabaseUserParts, task: Task): Promise<void> {
  const { resourceId, generation } = task.operation;
  const version = await readDatabaseUserVersion(parts.state, resourceId, generation);
  if (version !== undefined) await keepDriftOfDatabase(parts, task, parsed(DatabaseId, version.databaseId));
  await discard(parts.door, task);
}

async function discard(door: DatabaseDoor, task: Task): Promise<void> {
  const id = parsed(DatabaseUserId, task.operation.resourceId);
  await doStep(task, 'remove account', async () => {
    const there = (await door.readUser(id)).length > 0;
    await door.heldBy(task.operation).dropUser(id);
    return there;
  });
}

function mismatch(what: 'rights' | 'password'): FailureError {
  return new FailureError(
    'mismatch',
    `Read back, the account's ${what} were not as they had been written.`,
    'Ask again; if it fails the same way, somebody else changes accounts on this database server.',
  );
}
