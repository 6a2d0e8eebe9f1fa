import { z } from 'zod';
import { Generation, OperationId, PartId } from '../contract/ids.ts';
import type { DomainId, ServerId } from '../contract/ids.ts';
import { OperationStatus } from '../contract/operations.ts';
import { RunResult } from '../contract/runs.ts';
import type { Sql, State } from './connection.ts';
import { freeAllNames } from './held-names.ts';
import { putResourceState } from './resource-states.ts';
import { json } from './row-values.ts';

const Row = z.object({
  id: PartId,
  operation: OperationId,
  status: OperationStatus,
  result: json(RunResult).nullable(),
});
export type RunRow = z.infer<typeof Row>;

/** How runs stand: the one operation of each, and what came of it. */
export async function readRuns(sql: Sql, ids: readonly PartId[]): Promise<ReadonlyMap<PartId, RunRow>> {
  if (ids.length === 0) return new Map();
  const text = `SELECT o.resource_id AS id, o.id AS operation, o.status, r.result FROM operation o
    LEFT JOIN run_result r ON r.part_id = o.resource_id
    WHERE o.resource_type = 'run' AND o.kind = 'run.create' AND o.generation = 1
      AND o.resource_id IN (${ids.map(() => '?').join(', ')})`;
  return new Map((await sql.rows(Row, text, ids)).map((row) => [row.id, row]));
}

/** How many of a site have not ended. To be asked under `lockDomain`. */
export async function countOpenRuns(sql: Sql, domain: DomainId): Promise<number> {
  const text = `SELECT COUNT(*) AS count FROM operation o
    JOIN site_part_version v ON v.part_id = o.resource_id AND v.generation = 1 AND v.type = 'run'
    WHERE v.domain_id = ? AND o.resource_type = 'run' AND o.status IN ('queued', 'running')`;
  return (await sql.rows(z.object({ count: z.number() }), text, [domain]))[0]?.count ?? 0;
}

/** Once: a command that has ended has ended. */
export async function putRunResult(sql: Sql, id: PartId, result: RunResult): Promise<void> {
  await sql.run('INSERT IGNORE INTO run_result (part_id, result) VALUES (?, ?)', [
    id,
    JSON.stringify(result),
  ]);
}

/** As the API wrote it. */
const Old = z.object({ id: z.string(), site: z.string(), generation: Generation });
export type OldRun = z.infer<typeof Old>;

/** What ended so many days ago on a server, the longest first, but for what is to be passed over. */
export async function oldRuns(
  sql: Sql,
  {
    server,
    days,
    without,
  }: { readonly server: ServerId; readonly days: number; readonly without: readonly string[] },
): Promise<OldRun[]> {
  const text = `SELECT v.part_id AS id, v.domain_id AS site, v.generation FROM site_part_name n
    JOIN site_part_version v ON v.part_id = n.part_id AND v.type = 'run' AND v.generation = 1
    JOIN operation o ON o.resource_id = v.part_id AND o.resource_type = 'run' AND o.generation = 1
    WHERE n.type = 'run' AND v.server = ? AND o.server = v.server AND o.ended_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY
      AND v.part_id NOT IN (${['', ...without].map(() => '?').join(', ')}) ORDER BY o.ended_at LIMIT 100`;
  return sql.rows(Old, text, [server, days, '', ...without]);
}

/** Nothing is known of it any more but what the audit has. */
export async function forgetRun(state: State, { id, generation }: OldRun): Promise<void> {
  await state.transaction(async (sql) => {
    await sql.run('DELETE FROM run_result WHERE part_id = ?', [id]);
    await putResourceState(sql, id, { standing: 'deleted', generation });
    await freeAllNames(sql, 'run', id);
  });
}

/** What the commands of sites said that are gone, and that hold no name any more. */
export async function forgetRunsOfGoneSites(sql: Sql): Promise<void> {
  const text = `SELECT r.part_id AS id FROM run_result r
    WHERE NOT EXISTS (SELECT 1 FROM site_part_name n WHERE n.part_id = r.part_id) LIMIT 1000`;
  for (const { id } of await sql.rows(z.object({ id: z.string() }), text, []))
    await sql.run('DELETE FROM run_result WHERE part_id = ?', [id]);
}
