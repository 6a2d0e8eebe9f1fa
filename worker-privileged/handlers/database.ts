import { FailureError } from '../../contract/failures.ts';
import { DatabaseId } from '../../contract/ids.ts';
import { DatabaseName } from '../../contract/names.ts';
import type { Sql } from '../../state/connection.ts';
import { databaseNameHolder } from '../../state/held-names.ts';
import { readDatabaseVersion } from '../../state/versions.ts';
import type { DatabaseDoor } from '../database-door.ts';
import type { Executor } from '../executor-calls.ts';
import { doStep, parsed, refused } from '../task.ts';
import type { Handler, Task } from '../task.ts';

export interface DatabaseParts {
  readonly state: Sql;
  readonly door: DatabaseDoor;
  readonly executor: Executor;
}

type DatabaseKinds = 'database.create' | 'database.update' | 'database.delete' | 'database.restore';

export function createDatabaseHandlers(parts: DatabaseParts): Readonly<Record<DatabaseKinds, Handler>> {
  const notYet = () => Promise.reject(refused('databases are dumped and dropped, and have no settings'));
  return {
    'database.create': {
      apply: (task) => create(parts, task).then(() => 'live'),
      discard: (task) => drop(parts.door, task),
    },
    'database.update': { apply: notYet },
    'database.delete': { apply: (task) => remove(parts, task).then(() => 'deleted') },
    'database.restore': { apply: notYet },
  };
}

async function create({ state, door }: DatabaseParts, task: Task): Promise<void> {
  const { id, name } = await readAsked(state, task);
  await doStep(task, 'create database', async () => {
    if ((await door.readDatabase(id)) === name) return false;
    await door.putDatabase(id, name);
    return true;
  });
  await doStep(task, 'verify database', async () => {
    if ((await door.readDatabase(id)) !== name) throw notThere();
    return false;
  });
}

async function remove({ door, executor }: DatabaseParts, task: Task): Promise<void> {
  const { operation, step } = task;
  const id = parsed(DatabaseId, operation.resourceId);
  task.stillMine();
  // What its tenant has dropped already, or what never came about, leaves nothing to keep.
  if ((await door.readDatabase(id)) !== undefined) {
    await executor.call('database.dump', { id }, { operation: operation.id, step });
  }
  await drop(door, task);
}

async function drop(door: DatabaseDoor, task: Task): Promise<void> {
  const id = parsed(DatabaseId, task.operation.resourceId);
  await doStep(task, 'remove database', async () => {
    const there = (await door.readDatabase(id)) !== undefined;
    await door.dropDatabase(id);
    return there;
  });
}

async function readAsked(state: Sql, { operation }: Task): Promise<{ id: DatabaseId; name: DatabaseName }> {
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
  return { id, name };
}

function notThere(): FailureError {
  return new FailureError(
    'mismatch',
    'The database was created and cannot be found.',
    "Ask again; if it fails the same way, look at the database server's log.",
  );
}
