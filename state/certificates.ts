import { z } from 'zod';
import type { CertificateReport } from '../contract/certificates.ts';
import { WARN_DAYS, daysLeft } from '../contract/certificates.ts';
import { OperationId, ServerId, TenantId } from '../contract/ids.ts';
import type { DomainId, PartId } from '../contract/ids.ts';
import type { Sql, State } from './connection.ts';
import { lockDomain } from './domains.ts';
import { insertNotification } from './notifications.ts';
import { isMoving } from './moves.ts';
import { lastSuccess } from './open-operations.ts';
import { insertOperation } from './operations.ts';
import { findPart, insertPartVersion } from './site-parts.ts';
import { nextGeneration } from './versions-of.ts';

/** In the place of a token: who asks for what the server does by itself. */
const BY_ITSELF = 'server';
const AGAIN_HOURS = 12;

/**
 * Another version of a certificate, the same as the one that stands, and the operation that renews it; undefined where
 * it waits already, or was tried a while ago and its site has not changed since.
 */
export async function askForRenewal(
  state: State,
  server: ServerId,
  { part: id, site: domain }: Pick<CertificateReport, 'part' | 'site'>,
): Promise<OperationId | undefined> {
  return state.transaction(async (sql) => {
    await lockDomain(sql, domain);
    // It is another tenant's to ask for then.
    if (await isMoving(sql, domain)) return undefined;
    const found = await findPart(sql, { domain, type: 'certificate' }, { id });
    if (found === undefined || found.deleted || found.part.server !== server) return undefined;
    if (await isTriedLately(sql, { part: id, site: domain })) return undefined;
    const { name, tenant } = found.part;
    const generation = await nextGeneration(sql, 'certificate', id);
    const version = { ...found.part, type: 'certificate' as const, spec: found.spec, generation };
    await insertPartVersion(sql, version, false);
    return insertOperation(sql, {
      ...{ kind: 'certificate.renew', resource: { id, name }, serialKey: `domain:${domain}` },
      ...{ generation, tenant, server, actor: BY_ITSELF },
    });
  });
}

/** It is open, or began lately and its site was not changed after that. */
async function isTriedLately(
  sql: Sql,
  { part, site }: { readonly part: PartId; readonly site: DomainId },
): Promise<boolean> {
  const text = `SELECT o.id FROM operation o WHERE o.resource_id = ? AND o.resource_type = 'certificate'
    AND (o.status IN ('queued', 'running') OR (o.created_at > UTC_TIMESTAMP(3) - INTERVAL ? HOUR AND NOT EXISTS
      (SELECT 1 FROM operation d WHERE d.resource_id = ? AND d.resource_type = 'domain' AND d.status = 'succeeded'
        AND d.ended_at >= o.created_at))) LIMIT 1`;
  return (await sql.rows(z.object({ id: z.string() }), text, [part, AGAIN_HOURS, site])).length > 0;
}

/** Once for each certificate, when its end is near. */
export async function tellEnd(sql: Sql, { part, served }: CertificateReport, now: Date): Promise<void> {
  if (served === null) return;
  const days = daysLeft(served.notAfter, now);
  if (days >= WARN_DAYS) return;
  const operation = await lastSuccess(sql, { type: 'certificate', id: part });
  if (operation === undefined) return;
  const when = days < 0 ? 'has ended' : `ends in ${days} days`;
  const names = served.names.slice(0, 3).join(' ');
  await insertNotification(sql, {
    kind: 'certificate_ends',
    operation: {
      id: OperationId.parse(operation.id),
      resourceType: 'certificate',
      resourceId: part,
      resourceName: operation.resourceName,
      tenant: TenantId.parse(operation.tenant),
      server: ServerId.parse(operation.server),
    },
    message: `The certificate of ${names} ${when}, on ${served.notAfter.slice(0, 10)}.`,
  });
}
