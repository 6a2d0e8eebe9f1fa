import { FailureError } from '../../../contract/failures.ts';
import type { DatabaseId } from '../../../contract/ids.ts';
import { runSteps, type Step } from '../ensure.ts';
import type { DatabaseEntry } from '../system/database-register.ts';
import type { System } from '../system/system.ts';
import { entryNow } from './database/registered.ts';
import { dumpsOf, eraseDumps } from './database/removal.ts';
import {
  accountsMade,
  compared,
  emptyMade,
  leftoversDropped,
  opened,
  playedBack,
  removalForgotten,
  returnOf,
  standingNoted,
} from './database/restoration.ts';
import { requireDue } from './grace.ts';
import type { VerbHandler } from './table.ts';
import { requireRoomOnDisk } from './tenant/disk.ts';

/**
 * Brings a removed database back under its old id: its accounts with their passwords and rights, all that it held.
 * Where that fails, or breaks off before it is open, it lies in the trash as before.
 */
export function restoreDatabase(system: System): VerbHandler<'database.restore'> {
  return async ({ id }, run) => {
    const entry = await system.databases.read(id);
    if (entry === null || entry.purgingAt !== null) throw notThere();
    if (entry.removedAt !== null) {
      await requireRoomToReturn(system, id);
      await runSteps(stepsToRestore(system, entry), run);
    } else if (entry.droppingAt !== null) {
      throw refuse('The removal of the database has not ended.', 'Ask for the removal again first.');
    }
    // Done already, and the answer was lost, is looked at once more.
    const dumps = dumpsErased(system, entry);
    await runSteps([opened(system, entry), dumps, removalForgotten(system, entry)], run);
    return {};
  };
}

async function requireRoomToReturn(system: System, id: DatabaseId): Promise<void> {
  const managed = await system.mariadb.find(id);
  if (managed !== null) await requireRoomOnDisk(system, managed.tenant);
}

function stepsToRestore(system: System, entry: DatabaseEntry): readonly Step[] {
  const back = returnOf(system, entry);
  return [
    leftoversDropped(system, entry),
    emptyMade(back),
    accountsMade(back),
    playedBack(back),
    compared(back),
    standingNoted(back),
  ];
}

/**
 * Takes a removed database away for good: its dump, and what was noted of its accounts. Its entry stays, so that its
 * id is never given again. Refused before its time in the trash is over, unless root asks on the server.
 */
export function purgeDatabase(
  system: System,
  { atOnce }: { readonly atOnce: boolean } = { atOnce: false },
): VerbHandler<'database.purge'> {
  return async ({ id }, run) => {
    const entry = await system.databases.read(id);
    if (entry === null) throw notThere();
    if (entry.purgedAt !== null) return {};
    if (entry.removedAt === null)
      throw refuse(
        'The database is not in the trash.',
        'Remove it first; only what lies in the trash is purged.',
      );
    if (!atOnce && entry.purgingAt === null) await requireDue(system, entry.removedAt);
    await runSteps(stepsToPurge(system, entry), run);
    return {};
  };
}

/** What a restoration that broke off has brought back is taken away again first. */
function stepsToPurge(system: System, entry: DatabaseEntry): readonly Step[] {
  return [
    noted(system, entry, 'purgingAt'),
    leftoversDropped(system, entry),
    dumpsErased(system, entry),
    removalForgotten(system, entry),
    noted(system, entry, 'purgedAt'),
  ];
}

function dumpsErased(system: Pick<System, 'folders' | 'erase'>, entry: DatabaseEntry): Step {
  return {
    name: 'remove the dump',
    look: async () => ((await dumpsOf(system, entry)).length === 0 ? null : 'it is in the trash'),
    change: () => eraseDumps(system, entry).then(() => null),
  };
}

function noted(system: System, entry: DatabaseEntry, when: 'purgingAt' | 'purgedAt'): Step {
  const { databases, now } = system;
  return {
    name: when === 'purgingAt' ? 'note that it is purged' : 'note that it is gone',
    look: async () => ((await entryNow(system, entry))[when] === null ? 'it is not noted' : null),
    change: async () => {
      await databases.write({ ...(await entryNow(system, entry)), [when]: now().toISOString() });
      return null;
    },
  };
}

function notThere(): FailureError {
  return new FailureError('not_found', 'There is no such database in the trash.', 'Create it anew.');
}

function refuse(message: string, hint: string): FailureError {
  return new FailureError('invalid_request', message, hint);
}
