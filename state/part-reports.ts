import { z } from 'zod';
import { PartId } from '../contract/ids.ts';
import type { ServerId } from '../contract/ids.ts';
import type { PartType } from '../contract/site-parts.ts';
import type { Sql } from './connection.ts';
import { instant, looseJson } from './row-values.ts';

/** Of which parts, and on which server they are. */
export interface ReportKind {
  readonly server: ServerId;
  readonly type: PartType;
}

const Row = z.object({
  part: PartId,
  report: looseJson,
  observedAt: instant,
  output: looseJson.nullable(),
});
export type PartReport = z.infer<typeof Row>;

export async function readPartReports(
  sql: Sql,
  parts: readonly PartId[],
): Promise<ReadonlyMap<PartId, PartReport>> {
  if (parts.length === 0) return new Map();
  const text = `SELECT part_id AS part, report, observed_at AS observedAt, output FROM part_report
    WHERE part_id IN (${parts.map(() => '?').join(', ')})`;
  return new Map((await sql.rows(Row, text, [...parts])).map((row) => [row.part, row]));
}

/** All of a kind that there are, by part. */
export async function listPartReports(
  sql: Sql,
  { server, type }: ReportKind,
): Promise<ReadonlyMap<PartId, unknown>> {
  const text = 'SELECT part_id AS part, report FROM part_report WHERE server = ? AND type = ?';
  return new Map(
    (await sql.rows(Row.pick({ part: true, report: true }), text, [server, type])).map(({ part, report }) => [
      part,
      report,
    ]),
  );
}

export async function putPartReport(
  sql: Sql,
  { server, type }: ReportKind,
  { part, report }: { readonly part: PartId; readonly report: unknown },
): Promise<void> {
  await sql.run(
    `INSERT INTO part_report (part_id, type, server, report, observed_at) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))
       ON DUPLICATE KEY UPDATE report = VALUES(report), observed_at = VALUES(observed_at)`,
    [part, type, server, JSON.stringify(report)],
  );
}

/** Those that are as they were, are so still. Not at each look: that would be a write for each program of the server. */
export async function confirmPartReports(
  sql: Sql,
  { server, type }: ReportKind,
  everySeconds: number,
): Promise<void> {
  await sql.run(
    `UPDATE part_report SET observed_at = UTC_TIMESTAMP(3)
       WHERE server = ? AND type = ? AND observed_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND`,
    [server, type, everySeconds],
  );
}

export async function removePartReport(sql: Sql, part: PartId): Promise<void> {
  await sql.run('DELETE FROM part_report WHERE part_id = ?', [part]);
}

/** What it said last; nothing where no report stands. */
export async function putPartOutput(sql: Sql, part: PartId, output: unknown): Promise<void> {
  await sql.run('UPDATE part_report SET output = ?, output_at = UTC_TIMESTAMP(3) WHERE part_id = ?', [
    JSON.stringify(output),
    part,
  ]);
}

const OutputRow = z.object({ output: looseJson, outputAt: instant });
export type PartOutput = z.infer<typeof OutputRow>;

export async function readPartOutput(sql: Sql, part: PartId): Promise<PartOutput | undefined> {
  const text = `SELECT output, output_at AS outputAt FROM part_report WHERE part_id = ? AND output IS NOT NULL`;
  return (await sql.rows(OutputRow, text, [part]))[0];
}
