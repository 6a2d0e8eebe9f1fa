import type { PasswordHash } from '../../../../contract/databases.ts';
import { FailureError } from '../../../../contract/failures.ts';
import { compareGrants } from '../../../../contract/grants.ts';
import type { Step } from '../../ensure.ts';
import type { DatabaseEntry, Removal } from '../../system/database-register.ts';
import type { Shape, StoredAccount } from '../../system/mariadb.ts';
import { newPassword } from '../../system/passwords.ts';
import { paths } from '../../system/paths.ts';
import type { System } from '../../system/system.ts';
import { entryNow, type Register } from './registered.ts';
import { inThisRun } from './removal.ts';

/** What the steps of one restoration share. */
export type Return = {
  readonly system: Pick<System, 'databases' | 'mariadb' | 'now'>;
  readonly entry: DatabaseEntry;
  readonly dump: Removal['dump'];
  readonly accounts: readonly Returning[];
};

type Returning = StoredAccount & { readonly passwordHash: PasswordHash };

export function returnOf(system: Return['system'], entry: DatabaseEntry): Return {
  if (entry.removal === null) throw new Error('a database is in the trash without what it was');
  const { dump, accounts } = entry.removal;
  return { system, entry, dump, accounts: accounts.map((account) => withHash(system, account)) };
}

/** One that had no password of ours comes back with one that nobody knows. */
function withHash({ mariadb }: Pick<System, 'mariadb'>, account: StoredAccount): Returning {
  return { ...account, passwordHash: account.passwordHash ?? mariadb.hashOf(newPassword()) };
}

/** What an earlier restoration that broke off has brought back; nobody could write to it. */
export function leftoversDropped({ mariadb }: Pick<System, 'mariadb'>, { id }: DatabaseEntry): Step {
  const managed = () => mariadb.find(id);
  return {
    name: 'take away what an earlier restoration left',
    look: async () => ((await managed())?.dropped === false ? 'it is there' : null),
    change: async () => {
      if ((await managed())?.closed !== true) throw new Error('a database of the trash is open');
      await mariadb.remove(id);
      return null;
    },
  };
}

/** Of a schema that its tenant had dropped there is no dump: it comes back empty. */
const EMPTY: Shape = {
  charset: 'utf8mb4',
  collation: 'utf8mb4_general_ci',
  contents: { tables: 0, views: 0, routines: 0, triggers: 0, events: 0 },
};

export function emptyMade({ system: { mariadb }, entry: { id }, dump }: Return): Step {
  return {
    name: 'make the database, closed',
    look: async () => ((await mariadb.find(id))?.dropped === false ? null : 'it is not on the server'),
    change: async () => {
      await mariadb.restore(id, dump?.shape ?? EMPTY);
      return () => mariadb.remove(id);
    },
  };
}

/** Before anything is played back, so that a name that is not free costs no time. They go when their database does. */
export function accountsMade({ system: { mariadb }, entry: { id }, accounts }: Return): Step {
  return {
    name: 'make its accounts, locked',
    look: async () =>
      (await mariadb.accounts(id)).length === accounts.length ? null : 'not all of them are on the server',
    change: async () => {
      for (const account of accounts) await mariadb.restoreAccount(account);
      return null;
    },
  };
}

/**
 * As one of its own accounts that write, which defines all of it then: each of them has the same rights. Where there
 * is none, as an account for this purpose, whose name no tenant's account can have.
 */
export function playedBack({ system: { mariadb }, entry: { id, name }, dump, accounts }: Return): Step {
  const own = accounts.find(({ privileges }) => privileges === 'all');
  const account = own?.name ?? `sculptor-restore-${id}`;
  return inThisRun('play the dump back', async () => {
    if (dump === null) return null;
    const password = newPassword();
    await mariadb.lend(id, account, mariadb.hashOf(password));
    try {
      await mariadb.playBack({ database: name, account, password, file: paths.dump(id, dump.stamp) });
    } finally {
      await mariadb.takeBack(id, account, own?.passwordHash ?? mariadb.hashOf(newPassword()));
    }
    return null;
  });
}

/** As much of everything as there was, and each account with its password's hash and its rights. */
export function compared({ system: { mariadb }, entry: { name }, dump, accounts }: Return): Step {
  return inThisRun('compare with what it was', async () => {
    const found = JSON.stringify(await mariadb.shape(name));
    if (found !== JSON.stringify(expectedOf(dump))) throw different('what it holds');
    for (const account of accounts) {
      const { rights, password } = compareGrants(
        { ...account, database: name },
        await mariadb.grants(account.id),
      );
      if (!rights || !password) throw different(`the account ${account.name}`);
    }
    return null;
  });
}

function expectedOf(dump: Removal['dump']): Shape {
  if (dump === null) return EMPTY;
  const { contents, ...shape } = dump.shape;
  return { ...shape, contents: { ...contents, views: contents.views - dump.leftOut.length } };
}

/** It counts as a database again before anybody can write to it, so that nothing that is written is ever taken back. */
export function standingNoted({ system, entry }: Return): Step {
  const { databases } = system;
  return {
    name: 'note that it stands',
    look: async () => ((await entryNow(system, entry)).removedAt === null ? null : 'it is in the trash'),
    change: async () =>
      databases.write({ ...(await entryNow(system, entry)), removedAt: null, droppingAt: null }),
  };
}

export function opened({ mariadb }: Pick<System, 'mariadb'>, { id }: DatabaseEntry): Step {
  return {
    name: 'open the database',
    look: async () => ((await mariadb.find(id))?.closed === true ? 'it is closed' : null),
    change: async () => {
      await mariadb.open(id);
      return null;
    },
  };
}

export function removalForgotten(system: Register, entry: DatabaseEntry): Step {
  return {
    name: 'forget the removal',
    look: async () => ((await entryNow(system, entry)).removal === null ? null : 'it is noted'),
    change: async () => {
      await system.databases.write({ ...(await entryNow(system, entry)), removal: null });
      return null;
    },
  };
}

function different(what: string): FailureError {
  return new FailureError(
    'mismatch',
    `Brought back, ${what} was not as it had been; the database stays in the trash.`,
    'Something else on the server changes databases, or the dump was changed; the log of the executor tells more.',
  );
}
