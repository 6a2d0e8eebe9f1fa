import { sqlText } from '../render/sql.ts';
import type { RootSql } from './root-sql.ts';

/** Tables of which what is younger than a dump holds after it too. */
export const CARRIED = ['token_revocation'] as const;
export type Carried = (typeof CARRIED)[number];

/**
 * What of the state has to hold in the one that takes its place: in a schema of its own, from one statement to another, so that it
 * may be any number of rows with anything in them, and outlasts whatever ends who put it there.
 */
export type StateCarried = {
  /** Throws where it cannot be read. */
  readonly take: (table: Carried) => Promise<void>;
  readonly taken: () => Promise<readonly Carried[]>;
  /** Root's commands revoke beside all locks. */
  readonly takeRevokedSince: () => Promise<void>;
  readonly forget: () => Promise<void>;
  readonly revokeAsTaken: () => Promise<void>;
  /** For where they could not be taken. All but that one; answers how many. */
  readonly revokeAllBut: (sha256: string) => Promise<number>;
};

/** No tenant's database has a name with this sign in it. */
const KEPT = '`sculptor-kept`';
const KEYS = { token_revocation: 'token_id' } as const;
const REVOCATION = 'token_id, actor, created_at';
export function createStateCarried(sql: RootSql): StateCarried {
  return {
    take: async (table) => {
      await sql(`CREATE DATABASE IF NOT EXISTS ${KEPT} CHARACTER SET utf8mb4;
        DROP TABLE IF EXISTS ${KEPT}.${table};
        CREATE TABLE ${KEPT}.${table} (PRIMARY KEY (${KEYS[table]})) ENGINE = InnoDB AS SELECT * FROM sculptor.${table};`);
    },
    taken: async () => {
      const names = await sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'sculptor-kept';",
      );
      return CARRIED.filter((table) => names.split('\n').includes(table));
    },
    takeRevokedSince: async () => {
      await sql(`INSERT IGNORE INTO ${KEPT}.token_revocation (${REVOCATION})
        SELECT ${REVOCATION} FROM sculptor.token_revocation;`);
    },
    forget: async () => {
      await sql(`DROP DATABASE IF EXISTS ${KEPT};`);
    },
    revokeAsTaken: async () => {
      // Of a token that is not there any more it says nothing.
      await sql(`INSERT IGNORE INTO sculptor.token_revocation (${REVOCATION})
        SELECT r.token_id, r.actor, r.created_at FROM ${KEPT}.token_revocation r JOIN sculptor.token t ON t.id = r.token_id;`);
    },
    revokeAllBut: async (sha256) => {
      const count = await sql(`USE sculptor;
        INSERT INTO token_revocation (token_id, actor) SELECT t.id, 'root' FROM token t
          LEFT JOIN token_revocation r ON r.token_id = t.id
          WHERE r.token_id IS NULL AND t.sha256 <> ${sqlText(sha256)};
        SELECT ROW_COUNT();`);
      return Number(count);
    },
  };
}
