import { z } from 'zod';
import { CronReport } from '../contract/crons.ts';
import { OperationId, PartId, ServerId, TenantId } from '../contract/ids.ts';
import type { Sql } from './connection.ts';
import { insertNotification } from './notifications.ts';
import { json } from './row-values.ts';

const Row = z.object({ part: PartId, report: json(CronReport), output: z.string().nullable() });
export type CronReportRow = z.infer<typeof Row>;

const COLUMNS = 'part_id AS part, report, output';

export async function readCronReports(
  sql: Sql,
  parts: readonly PartId[],
): Promise<ReadonlyMap<PartId, CronReportRow>> {
  if (parts.length === 0) return new Map();
  const text = `SELECT ${COLUMNS} FROM cron_report WHERE part_id IN (${parts.map(() => '?').join(', ')})`;
  return new Map((await sql.rows(Row, text, parts)).map((row) => [row.part, row]));
}

export async function listCronReports(sql: Sql, server: ServerId): Promise<CronReportRow[]> {
  return sql.rows(Row, `SELECT ${COLUMNS} FROM cron_report WHERE server = ?`, [server]);
}

export async function putCronReport(
  sql: Sql,
  server: ServerId,
  { part, report, output }: CronReportRow,
): Promise<void> {
  await sql.run(
    `INSERT INTO cron_report (part_id, server, report, output) VALUES (?, ?, ?, ?)
       ON DUPLICATE KEY UPDATE report = VALUES(report), output = VALUES(output)`,
    [part, server, JSON.stringify(report), output],
  );
}

export async function removeCronReport(sql: Sql, part: PartId): Promise<void> {
  await sql.run('DELETE FROM cron_report WHERE part_id = ?', [part]);
}

const Newest = z.object({
  id: OperationId,
  resourceName: z.string(),
  domain: z.string(),
  tenant: TenantId,
  server: ServerId,
});

/** The site of a cron as it was made, and the operation that has brought it about last. */
export async function findCronsOperation(
  sql: Sql,
  server: ServerId,
  part: PartId,
): Promise<z.infer<typeof Newest> | undefined> {
  const text = `SELECT o.id, o.resource_name AS resourceName, v.domain_id AS domain, o.tenant, o.server FROM operation o
    JOIN site_part_version v ON v.part_id = o.resource_id AND v.type = 'cron' AND v.generation = o.generation
    WHERE o.resource_id = ? AND o.server = ? AND o.resource_type = 'cron' AND o.status = 'succeeded'
    ORDER BY o.generation DESC LIMIT 1`;
  return (await sql.rows(Newest, text, [part, server]))[0];
}

/** Once for each version of a cron: what fails again and again is shown, and not told again and again. */
export async function tellCronFailed(
  sql: Sql,
  operation: z.infer<typeof Newest>,
  { part, report }: Pick<CronReportRow, 'part' | 'report'>,
): Promise<void> {
  const how =
    report.last?.endedBy === 'time_limit'
      ? 'did not end in its time'
      : `ended with ${report.last?.exitCode ?? 'no exit code'}`;
  await insertNotification(sql, {
    kind: 'program_failed',
    operation: { ...operation, resourceType: 'cron', resourceId: part },
    message: `The cron ${operation.resourceName} ${how}.`,
  });
}
