import { Charset, Collation } from '../../contract/collations.ts';
import { FailureError } from '../../contract/failures.ts';
import { DatabaseId } from '../../contract/ids.ts';
import { DatabaseName } from '../../contract/names.ts';
import { databaseNameHolder } from '../../state/held-names.ts';
import { isProtected } from '../../state/protection.ts';
import type { Standing } from '../../state/resource-states.ts';
import { readDatabaseVersion } from '../../state/versions.ts';
import type { Schema } from '../database-changes.ts';
import type { DatabaseDoor, ShownSchema } from '../database-door.ts';
import type { Executor } from '../executor-calls.ts';
import { keepDriftOfDatabase } from '../keeping-drift.ts';
import type { KeepingParts } from '../keeping-drift.ts';
import { contextOf, doStep, parsed, refused } from '../task.ts';
import type { Handler, Task } from '../task.ts';

export interface DatabaseParts extends KeepingParts {
  readonly door: DatabaseDoor;
  readonly executor: Executor;
}

type DatabaseKinds = 'database.create' | 'database.update' | 'database.delete' | 'database.restore';

export function createDatabaseHandlers(parts: DatabaseParts): Readonly<Record<DatabaseKinds, Handler>> {
  // An update brings about what a creation that it overtook was to do.
  const put: Handler = {
    apply: async (task) => {
      const asked = await readAsked(parts, task);
      await keepDriftOfDatabase(parts, task, asked.id);
      await create(parts, asked, task);
      await protect(parts, asked, task);
      return 'live';
    },
    discard: (task) => discard(parts.door, task).then(() => 'deleted'),
  };
  return {
    'database.create': put,
    'database.update': put,
    'database.delete': { apply: (task) => remove(parts, task) },
    'database.restore': {
      apply: (task) => restore(parts, task),
      discard: (task) => takeAway(parts, task),
    },
  };
}

interface Asked extends Schema {
  readonly id: DatabaseId;
}

async function create({ door, executor }: DatabaseParts, asked: Asked, task: Task): Promise<void> {
  const there = await door.readDatabase(asked.id);
  // The door counts databases; what they take of the disk, with the files, root has measured.
  if (there === undefined) await executor.call('tenant.room', { id: asked.tenant }, contextOf(task));
  await doStep(task, there === undefined ? 'create database' : 'set character set', async () => {
    if (isAsAsked(asked, there)) return false;
    await door.heldBy(task.operation).putDatabase(asked.id, asked);
    return true;
  });
  // A MySQL has no ALTER DATABASE for a procedure, so it is left to root's side.
  const { id, charset, collation } = asked;
  if (there !== undefined && !isAsAsked(asked, await door.readDatabase(id))) {
    task.stillMine();
    await executor.call('database.collate', { id, charset, collation }, contextOf(task));
  }
  await doStep(task, 'verify database', async () => {
    if (!isAsAsked(asked, await door.readDatabase(asked.id))) throw notThere();
    return false;
  });
}

function isAsAsked({ name, charset, collation }: Asked, there: ShownSchema | undefined): boolean {
  return there?.name === name && there.charset === charset && there.collation === collation;
}

/** The privileged side goes by its own record: what the API says of protection can be added to, and not taken back. */
async function protect({ state, executor }: DatabaseParts, { id }: Asked, task: Task): Promise<void> {
  if (!(await isProtected(state, id))) return;
  task.stillMine();
  await executor.call('database.protect', { id }, contextOf(task));
}

async function remove(parts: DatabaseParts, task: Task): Promise<Standing> {
  await keepDriftOfDatabase(parts, task, parsed(DatabaseId, task.operation.resourceId));
  return takeAway(parts, task);
}

async function takeAway(parts: DatabaseParts, task: Task): Promise<Standing> {
  const id = parsed(DatabaseId, task.operation.resourceId);
  task.stillMine();
  const { purgeAfter } = await parts.executor.call('database.remove', { id }, contextOf(task));
  return purgeAfter === null ? 'deleted' : { purgeAfter: new Date(purgeAfter) };
}

async function restore(parts: DatabaseParts, task: Task): Promise<Standing> {
  const asked = await readAsked(parts, task);
  task.stillMine();
  await parts.executor.call('database.restore', { id: asked.id }, contextOf(task));
  // Its character set is what it was when it was removed, which its tenant may have changed by hand.
  await doStep(task, 'verify database', async () => {
    if ((await parts.door.readDatabase(asked.id))?.name !== asked.name) throw notThere();
    return false;
  });
  return 'live';
}

async function discard(door: DatabaseDoor, task: Task): Promise<void> {
  const id = parsed(DatabaseId, task.operation.resourceId);
  await doStep(task, 'remove database', async () => {
    const there = (await door.readDatabase(id)) !== undefined;
    await door.heldBy(task.operation).discardDatabase(id);
    return there;
  });
}

async function readAsked({ state }: Pick<DatabaseParts, 'state'>, { operation }: Task): Promise<Asked> {
  const { resourceId, generation, tenant, server } = operation;
  const version = await readDatabaseVersion(state, resourceId, generation);
  if (version === undefined || version.deleted || version.tenant !== tenant || version.server !== server) {
    throw refused('there is no such version of this database');
  }
  const id = parsed(DatabaseId, resourceId);
  const name = parsed(DatabaseName, version.name);
  if ((await databaseNameHolder(state, server, name)) !== id) {
    throw refused('its name is not held by this database');
  }
  return {
    id,
    name,
    charset: parsed(Charset, version.charset),
    collation: parsed(Collation, version.collation),
    tenant,
  };
}

function notThere(): FailureError {
  return new FailureError(
    'mismatch',
    'The database was created and cannot be found.',
    "Ask again; if it fails the same way, look at the database server's log.",
  );
}
