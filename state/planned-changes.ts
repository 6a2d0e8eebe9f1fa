import { z } from 'zod';
import { FoundPlan } from '../contract/changes.ts';
import type { WantedPlan } from '../contract/changes.ts';
import type { ChangeId, ServerId, TenantId } from '../contract/ids.ts';
import type { Sql } from './connection.ts';
import { json, looseJson } from './row-values.ts';

export interface NewPlannedChange {
  readonly id: ChangeId;
  readonly tenant: TenantId;
  readonly server: ServerId;
  readonly serialKey: string;
  readonly wanted: WantedPlan;
}

export async function insertPlannedChange(sql: Sql, change: NewPlannedChange): Promise<void> {
  const { id, tenant, server, serialKey, wanted } = change;
  await sql.run(
    'INSERT INTO planned_change (change_id, tenant, server, serial_key, wanted) VALUES (?, ?, ?, ?, ?)',
    [id, tenant, server, serialKey, JSON.stringify(wanted)],
  );
}

/** As the API wrote it: whoever goes by it parses it first. Undefined where it was forgotten. */
export async function readWantedPlan(sql: Sql, id: string): Promise<unknown> {
  const text = 'SELECT wanted FROM planned_change WHERE change_id = ?';
  return (await sql.rows(z.object({ wanted: looseJson }), text, [id]))[0]?.wanted;
}

export async function putFoundPlan(sql: Sql, id: string, found: FoundPlan): Promise<void> {
  await sql.run('UPDATE planned_change SET result = ? WHERE change_id = ?', [JSON.stringify(found), id]);
}

/** Null where it was not made, or was forgotten since. */
export async function readFoundPlan(sql: Sql, id: string): Promise<FoundPlan | null> {
  const text = 'SELECT result FROM planned_change WHERE change_id = ?';
  return (await sql.rows(z.object({ result: json(FoundPlan).nullable() }), text, [id]))[0]?.result ?? null;
}

/** So many are kept of each tenant, and of all of a server's: each tenant's newest before anybody's second. */
export interface Kept {
  readonly server: ServerId;
  readonly hours: number;
  readonly ofTenant: number;
  readonly ofAll: number;
}

/** What is older than that, or one too many, and waits for nobody. Whoever has the API says when a row was made. */
export async function forgetPlans(sql: Sql, { server, hours, ofTenant, ofAll }: Kept): Promise<void> {
  const rows = await sql.rows(
    z.object({ id: z.string() }),
    `SELECT change_id AS id FROM (SELECT change_id, created_at, of_tenant,
         ROW_NUMBER() OVER (ORDER BY of_tenant, created_at DESC, change_id) AS of_all
       FROM (SELECT change_id, created_at,
           ROW_NUMBER() OVER (PARTITION BY tenant ORDER BY created_at DESC, change_id) AS of_tenant
         FROM planned_change WHERE server = ?) AS own) AS p
     WHERE (of_tenant > ? OR of_all > ? OR created_at < UTC_TIMESTAMP(3) - INTERVAL ? HOUR
         OR created_at > UTC_TIMESTAMP(3) + INTERVAL 1 HOUR)
       AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.resource_id = p.change_id
         AND o.status IN ('queued', 'running'))
     LIMIT 1000`,
    [server, ofTenant, ofAll, hours],
  );
  for (const { id } of rows) await sql.run('DELETE FROM planned_change WHERE change_id = ?', [id]);
}
