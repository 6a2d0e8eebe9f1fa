import { z } from 'zod';
import { DomainId } from '../contract/ids.ts';
import type { ServerId, TenantId } from '../contract/ids.ts';
import type { DiskUsage } from '../contract/tenants.ts';
import type { Sql } from './connection.ts';
import type { Turn } from './database-sizes.ts';
import { instant } from './row-values.ts';

/** Sites whose files are on a server and were not measured for so long, those of longest ago first. */
export async function sitesDueForMeasuring(
  sql: Sql,
  server: ServerId,
  { olderThanMinutes, limit }: Turn,
): Promise<DomainId[]> {
  const rows = await sql.rows(
    z.object({ id: DomainId }),
    `SELECT v.domain_id AS id FROM domain_version v
       JOIN resource_state s ON s.resource_id = v.domain_id AND s.status IN ('live', 'failed', 'trashed')
       LEFT JOIN domain_size z ON z.domain_id = v.domain_id
       WHERE v.generation = 1 AND v.server = ?
         AND (z.measured_at IS NULL OR z.measured_at <= UTC_TIMESTAMP(3) - INTERVAL ? MINUTE)
       ORDER BY z.measured_at, v.domain_id LIMIT ?`,
    [server, olderThanMinutes, limit],
  );
  return rows.map(({ id }) => id);
}

export interface MeasuredSite {
  readonly octets: number;
  readonly enforced: boolean;
}

export async function putDomainSize(
  sql: Sql,
  id: DomainId,
  { octets, enforced }: MeasuredSite,
): Promise<void> {
  await sql.run(
    `INSERT INTO domain_size (domain_id, octets, enforced, measured_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE octets = VALUES(octets), enforced = VALUES(enforced), measured_at = VALUES(measured_at)`,
    [id, octets, enforced],
  );
}

const Sum = z.object({
  octets: z.coerce.number(),
  since: instant.nullable(),
  sites: z.coerce.number(),
  enforced: z.coerce.number(),
});

const FILES = `SELECT COALESCE(SUM(z.octets), 0) AS octets, MIN(z.measured_at) AS since, COUNT(*) AS sites,
    COALESCE(SUM(z.enforced), 0) AS enforced
  FROM domain_version v JOIN domain_size z ON z.domain_id = v.domain_id
  JOIN resource_state s ON s.resource_id = v.domain_id AND s.status <> 'deleted'
  WHERE v.tenant = ? AND v.generation = 1`;

const DATABASES = `SELECT COALESCE(SUM(z.data_octets + z.index_octets), 0) AS octets, MIN(z.measured_at) AS since,
    0 AS sites, 0 AS enforced
  FROM database_version v JOIN database_size z ON z.database_id = v.database_id
  JOIN resource_state s ON s.resource_id = v.database_id AND s.status NOT IN ('deleted', 'trashed')
  WHERE v.tenant = ? AND v.generation = 1`;

const NOTHING = { octets: 0, since: null, sites: 0, enforced: 0 };

/** What a tenant takes, by what was measured last; `limited`: whether its plan says how much it may. */
export async function readDiskUsage(sql: Sql, tenant: TenantId, limited: boolean): Promise<DiskUsage> {
  const [files = NOTHING] = await sql.rows(Sum, FILES, [tenant]);
  const [databases = NOTHING] = await sql.rows(Sum, DATABASES, [tenant]);
  const [measuredAt = null] = [files.since, databases.since].filter((since) => since !== null).sort();
  // One site that is not in its tenant's project is enough for nobody to rely on the kernel.
  const enforced = files.sites > 0 && files.enforced === files.sites;
  return {
    filesBytes: files.octets,
    databasesBytes: databases.octets,
    usedBytes: files.octets + databases.octets,
    measuredAt,
    enforcement: limited ? (enforced ? 'quota' : 'measured') : null,
  };
}
