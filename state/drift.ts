import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Difference, Differences, type Drift, type DriftSummary } from '../contract/drift.ts';
import { OperationId, ServerId, TenantId } from '../contract/ids.ts';
import { ResourceType } from '../contract/operations.ts';
import type { Sql } from './connection.ts';
import { instant, json } from './row-values.ts';

/** A resource that is looked at: who and what it is, by the version that stands. */
export const Looked = z.object({
  type: z.enum(['domain', 'database', 'tenant']),
  id: z.string(),
  name: z.string(),
  tenant: TenantId,
  server: ServerId,
  generation: z.number(),
});
export type Looked = z.infer<typeof Looked>;

const ofType = (type: Looked['type']) =>
  `SELECT '${type}' AS type, v.${type}_id AS id, v.name, v.tenant, v.server, s.generation
    FROM ${type}_version v JOIN resource_state s ON s.resource_id = v.${type}_id AND s.status = 'live'
      AND s.generation = v.generation`;

/** All that stands, as the worker has brought it about. */
const STANDING = `(${[ofType('domain'), ofType('database'), ofType('tenant')].join(' UNION ALL ')})`;

/** What nobody is changing in this moment, nor something of it. In the characters of the index that it is found by. */
const UNTOUCHED = `NOT EXISTS (SELECT 1 FROM operation o WHERE o.server = r.server
  AND o.serial_key = CONVERT(CONCAT(r.type, ':', r.id) USING ascii) COLLATE ascii_bin AND o.status IN ('queued', 'running'))`;

/** Those of a server that were looked at longest ago, if that is so long; what has drifted after an hour already. */
export async function dueForDrift(
  sql: Sql,
  server: ServerId,
  { hours, limit }: { readonly hours: number; readonly limit: number },
): Promise<Looked[]> {
  const text = `SELECT r.* FROM ${STANDING} r LEFT JOIN drift d ON d.resource_id = r.id
    WHERE r.server = ? AND (d.looked_at IS NULL
        OR d.looked_at <= UTC_TIMESTAMP(3) - INTERVAL IF(d.since IS NULL, ?, 1) HOUR)
      AND ${UNTOUCHED} ORDER BY d.looked_at, r.id LIMIT ?`;
  return sql.rows(Looked, text, [server, hours, limit]);
}

/** What stands of one; undefined where it does not. */
export async function findStanding(
  sql: Sql,
  { type, id }: Pick<Looked, 'type' | 'id'>,
): Promise<Looked | undefined> {
  const text = `SELECT r.* FROM ${STANDING} r WHERE r.type = ? AND r.id = ?`;
  return (await sql.rows(Looked, text, [type, id]))[0];
}

/** A tenant, and what stands of all that it has, the first thousand. */
export async function standingOf(
  sql: Sql,
  { tenant, server }: { readonly tenant: TenantId; readonly server: ServerId },
): Promise<Looked[]> {
  const text = `SELECT r.* FROM ${STANDING} r
    WHERE r.server = ? AND IF(r.type = 'tenant', r.id, r.tenant) = ? ORDER BY r.type DESC, r.id LIMIT 1000`;
  return sql.rows(Looked, text, [server, tenant]);
}

/** False where another version stands by now, or something is asked of it: what was seen may be half of a change. */
export async function stillStanding(sql: Sql, { id, generation }: Looked): Promise<boolean> {
  const text = `SELECT r.* FROM ${STANDING} r WHERE r.id = ? AND r.generation = ? AND ${UNTOUCHED}`;
  return (await sql.rows(Looked, text, [id, generation])).length > 0;
}

/** Writes down what was found; `isNew` where it is not what was known already. */
export async function putDrift(
  sql: Sql,
  { type, id, name, tenant, server }: Omit<Looked, 'generation'>,
  differences: Differences,
): Promise<{ readonly isNew: boolean }> {
  const text = JSON.stringify(differences);
  const digest = differences.length === 0 ? null : createHash('sha256').update(text).digest('hex');
  const Before = z.object({ digest: z.string().nullable() });
  const [before] = await sql.rows(Before, 'SELECT digest FROM drift WHERE resource_id = ?', [id]);
  // since is set before digest: MariaDB assigns from left to right.
  await sql.run(
    `INSERT INTO drift (resource_id, resource_type, resource_name, tenant, server, differences, digest, since, looked_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, IF(? IS NULL, NULL, UTC_TIMESTAMP(3)), UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE since = IF(VALUES(digest) IS NULL, NULL, COALESCE(since, VALUES(since))),
       resource_name = VALUES(resource_name), tenant = VALUES(tenant), differences = VALUES(differences),
       digest = VALUES(digest), looked_at = VALUES(looked_at)`,
    [id, type, name, tenant, server, text, digest, digest],
  );
  return { isNew: digest !== null && digest !== (before?.digest ?? null) };
}

/** It could not be looked at now: the others have their turn first. */
export async function postponeDrift(sql: Sql, looked: Looked): Promise<void> {
  await sql.run(
    `INSERT INTO drift (resource_id, resource_type, resource_name, tenant, server, differences, looked_at)
       VALUES (?, ?, ?, ?, ?, '[]', UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE looked_at = VALUES(looked_at)`,
    [looked.id, looked.type, looked.name, looked.tenant, looked.server],
  );
}

/** Of each resource the last so many are kept. */
const KEPT = 10;

/** Once for each operation: the first time is what was there before it. */
export async function keepDrift(
  sql: Sql,
  { id, operation }: { readonly id: string; readonly operation: OperationId },
  differences: Differences,
): Promise<boolean> {
  const written = await sql.run(
    `INSERT IGNORE INTO drift_kept (resource_id, operation_id, differences, found_at)
       VALUES (?, ?, ?, UTC_TIMESTAMP(3))`,
    [id, operation, JSON.stringify(differences)],
  );
  await sql.run(
    `DELETE FROM drift_kept WHERE resource_id = ? AND seq <= COALESCE((SELECT seq FROM (SELECT seq FROM drift_kept
       WHERE resource_id = ? ORDER BY seq DESC LIMIT 1 OFFSET ${KEPT}) AS old), 0)`,
    [id, id],
  );
  return written === 1;
}

/** Of what has not stood since. */
export async function forgetDriftOfGone(sql: Sql): Promise<void> {
  const gone = `IN (SELECT resource_id FROM resource_state WHERE status IN ('deleted', 'trashed'))`;
  await sql.run(`DELETE FROM drift WHERE resource_id ${gone}`);
  await sql.run(
    `DELETE FROM drift_kept WHERE resource_id IN (SELECT resource_id FROM resource_state WHERE status = 'deleted')`,
  );
}

const Row = z.object({
  type: ResourceType,
  id: z.string(),
  name: z.string(),
  tenant: TenantId,
  server: ServerId,
  lookedAt: instant,
  since: instant.nullable(),
});
const COLUMNS = `resource_type AS type, resource_id AS id, resource_name AS name, tenant, server,
  looked_at AS lookedAt, since, differences`;

/** Of all tenants; those that have drifted, in the order of ids. */
export async function listDrift(
  sql: Sql,
  server: ServerId,
  { after = '', limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<DriftSummary[]> {
  const Summary = Row.extend({
    differences: json(z.array(z.object(Difference.omit({ files: true }).shape))),
  });
  const text = `SELECT ${COLUMNS} FROM drift WHERE server = ? AND since IS NOT NULL AND resource_id > ?
    ORDER BY resource_id LIMIT ?`;
  const rows = await sql.rows(Summary, text, [server, after, limit]);
  return rows.map(({ type, id, name, ...rest }) => ({ ...rest, resource: { type, id, name } }));
}

export async function readDrift(sql: Sql, looked: Omit<Looked, 'generation'>): Promise<Drift> {
  const text = `SELECT ${COLUMNS} FROM drift WHERE resource_id = ?`;
  const [row] = await sql.rows(Row.extend({ differences: json(Differences) }), text, [looked.id]);
  const Kept = z.object({ operation: OperationId, foundAt: instant, differences: json(Differences) });
  const kept = await sql.rows(
    Kept,
    `SELECT operation_id AS operation, found_at AS foundAt, differences FROM drift_kept
       WHERE resource_id = ? ORDER BY seq DESC LIMIT ${KEPT}`,
    [looked.id],
  );
  const { type, id, name, tenant, server } = looked;
  const { lookedAt = null, since = null, differences = [] } = row ?? {};
  return { resource: { type, id, name }, tenant, server, lookedAt, since, differences, kept };
}
