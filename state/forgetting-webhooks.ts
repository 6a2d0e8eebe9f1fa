import { z } from 'zod';
import type { Sql } from './connection.ts';

const BATCH = 1000;

/**
 * What is older than so many days, or as far in the future, the oldest first and so much of it at once: deliveries with their
 * attempts, events that nothing is left of, and versions that others took the place of.
 */
export async function forgetWebhooks(sql: Sql, days: number): Promise<void> {
  const old =
    'created_at NOT BETWEEN UTC_TIMESTAMP(3) - INTERVAL ? DAY AND UTC_TIMESTAMP(3) + INTERVAL ? DAY';
  const rows = await sql.rows(
    z.object({ id: z.number() }),
    `SELECT seq AS id FROM webhook_delivery WHERE ${old} ORDER BY created_at LIMIT ${BATCH}`,
    [days, days],
  );
  if (rows.length > 0) {
    const ids = rows.map(({ id }) => id);
    const these = ids.map(() => '?').join(', ');
    await sql.run(`DELETE FROM webhook_attempt WHERE delivery IN (${these})`, ids);
    await sql.run(`DELETE FROM webhook_delivery WHERE seq IN (${these})`, ids);
  }
  // An attempt of no delivery is nobody's.
  await sql.run(
    `DELETE FROM webhook_attempt WHERE ${old}
       AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.seq = webhook_attempt.delivery) LIMIT ${BATCH}`,
    [days, days],
  );
  await sql.run(
    `DELETE FROM webhook_event WHERE ${old}
       AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.event_id = webhook_event.event_id) LIMIT ${BATCH}`,
    [days, days],
  );
  await forgetVersions(sql, days);
}

/** As of each other row: what is dated as far in the future is not of our time. */
async function forgetVersions(sql: Sql, days: number): Promise<void> {
  const Row = z.object({ id: z.string(), generation: z.number() });
  const superseded = await sql.rows(Row, SUPERSEDED);
  const deleted = await sql.rows(Row, DELETED, [days, days]);
  for (const { id, generation } of [...superseded, ...deleted])
    await sql.run('DELETE FROM webhook_version WHERE webhook_id = ? AND generation = ?', [id, generation]);
}

/**
 * By their own age, however young the one is that counts. The first of a webhook says since when there is it, and the first with its
 * secret since when there is that: without it the former secret would be good again.
 */
const SUPERSEDED = `SELECT v.webhook_id AS id, v.generation FROM webhook_version v
  WHERE v.created_at NOT BETWEEN UTC_TIMESTAMP(3) - INTERVAL 1 DAY AND UTC_TIMESTAMP(3) + INTERVAL 1 DAY
    AND v.generation > 1
    AND v.generation < (SELECT MAX(n.generation) FROM webhook_version n WHERE n.webhook_id = v.webhook_id)
    AND v.generation <> (SELECT MIN(s.generation) FROM webhook_version s WHERE s.webhook_id = v.webhook_id
      AND s.secret_number = (SELECT x.secret_number FROM webhook_version x WHERE x.webhook_id = v.webhook_id
        ORDER BY x.generation DESC LIMIT 1))
  ORDER BY v.webhook_id, v.generation LIMIT ${BATCH}`;

/** The last goes last: without it the others would count. */
const DELETED = `SELECT v.webhook_id AS id, v.generation
  FROM webhook_version n JOIN webhook_version v ON v.webhook_id = n.webhook_id
  WHERE n.deleted
    AND n.created_at NOT BETWEEN UTC_TIMESTAMP(3) - INTERVAL ? DAY AND UTC_TIMESTAMP(3) + INTERVAL ? DAY
    AND n.generation = (SELECT MAX(x.generation) FROM webhook_version x WHERE x.webhook_id = n.webhook_id)
  ORDER BY v.webhook_id, v.generation LIMIT ${BATCH}`;
