import { z } from 'zod';
import { contentHash, Hash, NOTHING_BEFORE, sealHash } from '../contract/audit.ts';
import type { AuditContent, AuditHead } from '../contract/audit.ts';
import type { Sql, State } from './connection.ts';

const Head = z.object({ number: z.number(), hash: Hash });
const Highest = z.object({ seq: z.number().nullable() });
const Row = z.object({
  seq: z.number(),
  at: z.string(),
  source: z.string(),
  actor: z.string(),
  address: z.string(),
  action: z.string(),
  resource: z.string(),
  outcome: z.string(),
  times: z.number(),
  detail: z.string(),
});

/** Where the chain ends; undefined as long as there is none. */
export async function lastSeal(sql: Sql): Promise<AuditHead | undefined> {
  const text = 'SELECT number, LOWER(HEX(hash)) AS hash FROM audit_seal ORDER BY number DESC LIMIT 1';
  return (await sql.rows(Head, text))[0];
}

/** After that, where the server does not keep rows for ever, the oldest are gone: see procedures.sql. */
export async function forgetAudit(sql: Sql): Promise<void> {
  await sql.run('CALL sculptor_door.forget_audit()');
}

export async function highestAudit(sql: Sql): Promise<number> {
  return (await sql.rows(Highest, 'SELECT MAX(seq) AS seq FROM audit'))[0]?.seq ?? 0;
}

export interface Stretch {
  /** Rows after this one, and up to that one. */
  readonly after: number;
  readonly to: number;
  readonly most: number;
}

/**
 * Seals what is not sealed in a stretch of the audit, in the order of its rows, and says how many that were. Of two that
 * do so at once one throws and has written nothing: a number is given once.
 */
export async function sealRows(state: State, { after, to, most }: Stretch): Promise<number> {
  return state.transaction(async (sql) => {
    const rows = await sql.rows(
      Row,
      `SELECT a.seq, CAST(a.at AS CHAR) AS at, a.source, a.actor, a.address, a.action, a.resource, a.outcome,
         a.times, a.detail
       FROM audit a LEFT JOIN audit_seal s ON s.seq = a.seq
       WHERE a.seq > ? AND a.seq <= ? AND s.seq IS NULL ORDER BY a.seq LIMIT ?`,
      [after, to, most],
    );
    if (rows.length === 0) return 0;
    let { number, hash } = (await lastSeal(sql)) ?? { number: 0, hash: NOTHING_BEFORE };
    for (const row of rows) {
      const content = contentHash(contentOf(row));
      number += 1;
      hash = sealHash(hash, { number, seq: row.seq, content });
      await sql.run('INSERT INTO audit_seal (number, seq, content, hash) VALUES (?, ?, UNHEX(?), UNHEX(?))', [
        number,
        row.seq,
        content,
        hash,
      ]);
    }
    return rows.length;
  });
}

function contentOf(row: z.infer<typeof Row>): AuditContent {
  const { at, source, actor, address, action, resource, outcome, times, detail } = row;
  return [at, source, actor, address, action, resource, outcome, times, detail];
}
