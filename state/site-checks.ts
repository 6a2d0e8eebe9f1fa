import { z } from 'zod';
import { CertificateReport } from '../contract/certificates.ts';
import type { ServedCertificate } from '../contract/certificates.ts';
import { SiteType } from '../contract/domains.ts';
import { SiteCheck } from '../contract/health.ts';
import { DomainId, TenantId } from '../contract/ids.ts';
import type { ServerId } from '../contract/ids.ts';
import { DomainName } from '../contract/names.ts';
import type { Sql } from './connection.ts';
import { bit, instant, json, looseJson } from './row-values.ts';

const Checkable = z.object({
  id: DomainId,
  name: DomainName,
  tenant: TenantId,
  type: SiteType,
  well: bit.nullable(),
  checkedAt: z.date().nullable(),
});
export type CheckableSite = z.infer<typeof Checkable>;

/** All that stand and answer visitors, those first that were asked longest ago. One that is suspended or off is not asked. */
export async function sitesToCheck(sql: Sql, server: ServerId): Promise<CheckableSite[]> {
  const text = `SELECT v.domain_id AS id, v.name, v.tenant, v.type, c.well, c.checked_at AS checkedAt
    FROM domain_version v
      JOIN resource_state s ON s.resource_id = v.domain_id AND s.status = 'live' AND s.generation = v.generation
      LEFT JOIN site_check c ON c.domain_id = v.domain_id
    WHERE v.server = ? AND v.enabled AND NOT EXISTS (SELECT 1 FROM resource_state o
      JOIN tenant_version t ON t.tenant_id = v.tenant AND t.generation = o.generation
      WHERE o.resource_id = v.tenant AND t.suspended_reason IS NOT NULL)
    ORDER BY c.checked_at, v.domain_id`;
  return sql.rows(Checkable, text, [server]);
}

export async function putSiteCheck(
  sql: Sql,
  id: DomainId,
  check: Omit<SiteCheck, 'checkedAt'> & { readonly well: boolean },
): Promise<void> {
  const { status, milliseconds, certificate, well } = check;
  await sql.run(
    `INSERT INTO site_check (domain_id, status, milliseconds, certificate, well, checked_at)
       VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE status = VALUES(status), milliseconds = VALUES(milliseconds),
       certificate = VALUES(certificate), well = VALUES(well), checked_at = VALUES(checked_at)`,
    [id, status, milliseconds, certificate === null ? null : JSON.stringify(certificate), well],
  );
}

/** Of what was purged nothing is kept. */
export async function forgetChecksOfGone(sql: Sql): Promise<void> {
  await sql.run(`DELETE FROM site_check WHERE domain_id IN
    (SELECT resource_id FROM resource_state WHERE status = 'deleted') LIMIT 1000`);
}

export async function readSiteCheck(sql: Sql, id: DomainId): Promise<SiteCheck | null> {
  const Row = z.object({
    status: z.number().nullable(),
    milliseconds: z.number(),
    certificate: json(SiteCheck.shape.certificate).nullable(),
    checkedAt: instant,
  });
  const text = `SELECT status, milliseconds, certificate, checked_at AS checkedAt FROM site_check WHERE domain_id = ?`;
  return (await sql.rows(Row, text, [id]))[0] ?? null;
}

export interface SiteCertificate {
  readonly domain: DomainId;
  readonly tenant: TenantId;
  readonly served: ServedCertificate;
}

/** What visitors of each site are to be shown over TLS, as root has said; of those sites alone where some are named. */
export async function certificatesOfSites(
  sql: Sql,
  server: ServerId,
  sites?: readonly DomainId[],
): Promise<SiteCertificate[]> {
  if (sites?.length === 0) return [];
  const Row = z.object({ report: looseJson, domain: DomainId, tenant: TenantId });
  const text = `SELECT r.report, v.domain_id AS domain, v.tenant FROM part_report r
    JOIN site_part_version v ON v.part_id = r.part_id AND v.generation = 1
    WHERE r.server = ? AND r.type = 'certificate'
      ${sites === undefined ? '' : `AND v.domain_id IN (${sites.map(() => '?').join(', ')})`}`;
  return (await sql.rows(Row, text, [server, ...(sites ?? [])])).flatMap(({ report, domain, tenant }) => {
    const served = CertificateReport.safeParse(report).data?.served ?? null;
    return served === null ? [] : [{ domain, tenant, served }];
  });
}
