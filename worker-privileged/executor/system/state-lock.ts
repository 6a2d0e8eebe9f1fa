import type { RootSql } from './root-sql.ts';

/** The API's and the worker's accounts in MariaDB, while another state is put in the place of theirs. */
export type StateLock = {
  /** Neither is let in any more, also after the server was started anew, and whoever is in is put out. */
  readonly lock: () => Promise<void>;
  readonly unlock: () => Promise<void>;
  /** Whether both are: what broke off did so in between. */
  readonly isLocked: () => Promise<boolean>;
};

const ACCOUNTS = ['www-data', 'sculptor'] as const;

export function createStateLock(sql: RootSql): StateLock {
  const each = (statement: (account: string) => string) =>
    ACCOUNTS.map((name) => statement(`'${name}'@'localhost'`)).join('\n');
  return {
    lock: async () => {
      // One that is lost is made, or it would be made open before the state is whole.
      await sql(
        each(
          (account) => `CREATE USER IF NOT EXISTS ${account} IDENTIFIED VIA unix_socket ACCOUNT LOCK;
            ALTER USER ${account} ACCOUNT LOCK;
            KILL CONNECTION USER ${account};`,
        ),
      );
    },
    unlock: async () => {
      await sql(each((account) => `ALTER USER IF EXISTS ${account} ACCOUNT UNLOCK;`));
    },
    isLocked: async () => {
      const names = ACCOUNTS.map((name) => `'${name}'`).join(', ');
      const count =
        await sql(`SELECT COUNT(*) FROM mysql.global_priv WHERE host = 'localhost' AND user IN (${names})
        AND JSON_VALUE(priv, '$.account_locked') = 1;`);
      return Number(count) === ACCOUNTS.length;
    },
  };
}
