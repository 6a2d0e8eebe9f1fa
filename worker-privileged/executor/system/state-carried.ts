import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { sqlInteger, sqlText } from '../render/sql.ts';
import type { RootSql } from './root-sql.ts';

/** Tables of which what is younger than a dump holds after it too. */
export const CARRIED = ['token_revocation', 'webhook_version'] as const;
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
  /** Those that it knew nothing of may have been deleted and forgotten: each is off, with a secret that it never had. Answers how many. */
  readonly webhooksAsTaken: () => Promise<number>;
  /** For where they could not be taken. All but that one; answers how many. */
  readonly revokeAllBut: (sha256: string) => Promise<number>;
  /** Likewise all of them are off; answers how many. */
  readonly switchWebhooksOff: () => Promise<number>;
};

/** No tenant's database has a name with this sign in it. */
const KEPT = '`sculptor-kept`';
const KEYS = { token_revocation: 'token_id', webhook_version: 'webhook_id, generation' } as const;
const REVOCATION = 'token_id, actor, created_at';
/** A version beyond this is none of ours, and nothing could follow on it. */
const MOST = 2_147_483_647;
/** More than anybody counts to, and a million below where the column ends. */
const [FEWEST_SECRETS, MOST_SECRETS] = [2_147_483_648, 4_293_967_295];
const Column = z.string().regex(/^[a-z_]{1,64}$/);

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
    webhooksAsTaken: async () => {
      const columns = await sharedColumns(sql);
      return webhooks(
        sql,
        `INSERT INTO webhook_version (${columns.join(', ')})
          SELECT ${columns.map((column) => `k.${column}`).join(', ')} FROM ${KEPT}.webhook_version k
            JOIN ${NEWEST} n ON n.webhook_id = k.webhook_id
          WHERE k.generation > n.generation AND k.generation <= ${MOST}`,
        switchedOff(`v.webhook_id NOT IN (SELECT k.webhook_id FROM ${KEPT}.webhook_version k)`),
      );
    },
    revokeAllBut: async (sha256) => {
      const count = await sql(`USE sculptor;
        INSERT INTO token_revocation (token_id, actor) SELECT t.id, 'root' FROM token t
          LEFT JOIN token_revocation r ON r.token_id = t.id
          WHERE r.token_id IS NULL AND t.sha256 <> ${sqlText(sha256)};
        SELECT ROW_COUNT();`);
      return Number(count);
    },
    switchWebhooksOff: () => webhooks(sql, switchedOff('TRUE')),
  };
}

const NEWEST = '(SELECT webhook_id, MAX(generation) AS generation FROM webhook_version GROUP BY webhook_id)';

/** Their secrets by chance: the clock may have been put back, and nothing tells how often one was made anew. */
function switchedOff(where: string): string {
  const secret = sqlInteger(randomInt(FEWEST_SECRETS, MOST_SECRETS));
  return `INSERT INTO webhook_version (webhook_id, generation, tenant, server, url, events, description, secret_number,
      off_because)
    SELECT v.webhook_id, v.generation + 1, v.tenant, v.server, v.url, v.events, v.description, ${secret}, 'restored'
      FROM webhook_version v JOIN ${NEWEST} n ON n.webhook_id = v.webhook_id AND n.generation = v.generation
    WHERE NOT v.deleted AND ${where}`;
}

/** A row that a check would not have let in is there all the same where a session has no checks, and hides no other. */
async function webhooks(sql: RootSql, ...statements: readonly string[]): Promise<number> {
  const count = await sql(
    [
      'USE sculptor',
      'SET SESSION check_constraint_checks = OFF',
      'START TRANSACTION',
      `DELETE FROM webhook_version WHERE generation > ${MOST}`,
      ...statements,
      'SET @count = ROW_COUNT()',
      'COMMIT',
      'SELECT @count',
    ]
      .map((each) => `${each};`)
      .join('\n'),
  );
  return Number(count);
}

/** Those of the state that is played back and brought up, which may be one more than before. */
async function sharedColumns(sql: RootSql): Promise<readonly string[]> {
  const names = await sql(`SELECT c.column_name FROM information_schema.columns c
    JOIN information_schema.columns k ON k.table_schema = 'sculptor-kept' AND k.table_name = c.table_name
      AND k.column_name = c.column_name
    WHERE c.table_schema = 'sculptor' AND c.table_name = 'webhook_version';`);
  return names
    .split('\n')
    .filter(Boolean)
    .map((name) => Column.parse(name));
}
