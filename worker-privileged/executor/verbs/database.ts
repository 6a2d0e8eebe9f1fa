import { FailureError } from '../../../contract/failures.ts';
import type { DatabaseId } from '../../../contract/ids.ts';
import { runSteps, type Run, type Step } from '../ensure.ts';
import type { DatabaseEntry } from '../system/database-register.ts';
import type { System } from '../system/system.ts';
import { closed, dropped, dumped, leftOutOf, removalNoted, shapeNoted } from './database/removal.ts';
import { leftoversDropped } from './database/restoration.ts';
import { newEntry, protectionNoted, refuseIfProtected } from './database/registered.ts';
import { dueAt } from './grace.ts';
import type { VerbHandler } from './table.ts';

/** Notes that a database is not to be removed. */
export function protectDatabase(system: System): VerbHandler<'database.protect'> {
  return async ({ id }, run) => {
    const entry = await findStanding(system, id);
    if (entry === null || entry.removedAt !== null) throw notThere();
    await runSteps([protectionNoted(system, entry)], run);
    return {};
  };
}

/** Nothing that is in it already changes. */
export function collateDatabase(system: System): VerbHandler<'database.collate'> {
  return async ({ id, charset, collation }, run) => {
    const entry = await findStanding(system, id);
    if (entry === null || (entry.removedAt ?? entry.droppingAt) !== null) throw notThere();
    const { mariadb } = system;
    const step: Step = {
      name: 'set its character set',
      look: async () => {
        const shape = await mariadb.shape(entry.name);
        if (shape === null) throw notThere();
        return shape.charset === charset && shape.collation === collation ? null : 'it has another';
      },
      change: async () => {
        await mariadb.collate(entry.name, { charset, collation });
        return null;
      },
    };
    await runSteps([step], run);
    return {};
  };
}

/**
 * Takes a database away: it is closed, dumped to the trash, and dropped with its accounts. Until the dump is whole
 * nothing is dropped, and what fails leaves it open as it was; from then on it goes on where it broke off when it is
 * asked for again. What was never here, or holds nothing because it never came about, is gone already.
 */
export function removeDatabase(system: System): VerbHandler<'database.remove'> {
  return async ({ id }, run) => {
    const entry = await findStanding(system, id);
    if (entry === null || entry.purgingAt !== null) return { purgeAfter: null };
    if (entry.removedAt !== null) {
      await runSteps([leftoversDropped(system, entry)], run);
      return { purgeAfter: await dueAt(system, entry.removedAt) };
    }
    refuseIfProtected(entry);
    const { databases } = system;
    const toKeep = [closed(system, entry), shapeNoted(system, entry), ...dumped(system, entry)];
    const toDrop = [dropped(system, entry), removalNoted(system, entry)];
    await system.caps.destroy(`remove-${id}`, async () => {
      // A plan ends with the first of these.
      if (run.plan !== undefined) await run.plan([...toKeep, ...toDrop]);
      if (entry.droppingAt === null) await runSteps(toKeep, run);
      await tellLeftOut(system, entry, run);
      await runSteps(toDrop, run);
    });
    const { removedAt } = (await databases.read(id)) ?? entry;
    return { purgeAfter: removedAt === null ? null : await dueAt(system, removedAt) };
  };
}

const MOST_TOLD = 20;

/** By their names, as far as these say nothing to whoever shows them: what is not in the dump does not come back. */
async function tellLeftOut(system: System, entry: DatabaseEntry, run: Run): Promise<void> {
  const views = await leftOutOf(system, entry);
  const tell = (what: string) =>
    run.report({ name: `left out of the dump: ${what}`, status: 'succeeded', changed: false, durationMs: 0 });
  for (const view of views.slice(0, MOST_TOLD))
    tell(/^[\w$-]+$/.test(view) ? `the broken view ${view}` : 'a broken view of another name');
  if (views.length > MOST_TOLD) tell(`${views.length - MOST_TOLD} more broken views`);
}

/** What root remembers of it, or a first entry for one that is there; null where there is, and was, nothing. */
async function findStanding(system: System, id: DatabaseId): Promise<DatabaseEntry | null> {
  const entry = await system.databases.read(id);
  if (entry !== null && (entry.removedAt ?? entry.droppingAt) !== null) return entry;
  const managed = await system.mariadb.find(id);
  if (managed === null || managed.dropped) return null;
  return entry ?? newEntry(system, { id, name: managed.name });
}

function notThere(): FailureError {
  return new FailureError('not_found', 'There is no such database on this server.', 'Create it anew.');
}
