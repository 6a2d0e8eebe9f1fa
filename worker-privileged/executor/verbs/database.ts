import type { DatabaseId } from '../../../contract/ids.ts';
import { runSteps } from '../ensure.ts';
import { paths, stampOf } from '../system/paths.ts';
import type { System } from '../system/system.ts';
import type { VerbHandler } from './table.ts';

/** Keeps what a database holds before it is dropped. A database that is not there holds nothing. */
export function dumpDatabase({
  mariadb,
  now,
}: Pick<System, 'mariadb' | 'now'>): VerbHandler<'database.dump'> {
  return async ({ id }, run) => {
    let bytes = 0;
    let due = true;
    const dump = async (database: DatabaseId) => {
      due = false;
      const name = await mariadb.findDatabase(database);
      if (name !== null) bytes = await mariadb.dump(name, paths.dump(database, stampOf(now())));
      return null;
    };
    await runSteps(
      [
        {
          name: 'dump the database',
          look: async () =>
            due && (await mariadb.findDatabase(id)) !== null ? 'no dump of this moment' : null,
          change: () => dump(id),
        },
      ],
      run,
    );
    return { bytes };
  };
}
