import { z } from 'zod';
import type { CertificateReport } from '../contract/certificates.ts';
import { WARN_DAYS, daysLeft } from '../contract/certificates.ts';
import { OperationId, ServerId, TenantId } from '../contract/ids.ts';
import type { DomainId, PartId } from '../contract/ids.ts';
import { CERTIFICATE_NAME } from '../contract/site-parts.ts';
import type { Sql, State } from './connection.ts';
import { insertNotification } from './notifications.ts';
import { lastSuccess } from './open-operations.ts';
import { insertOperation } from './operations.ts';
import { insertPartVersion } from './site-parts.ts';
import { nextGeneration } from './versions-of.ts';

/** In the place of a token: who asks for what the server does by itself. */
const BY_ITSELF = 'server';
const AGAIN_HOURS = 12;

/**
 * The operation that renews what a site is shown, of the kind that root says it is, whatever was asked for since and did
 * not come about. Nothing of it is taken from what the API wrote last: that may be forged. Undefined where it waits
 * already, was tried a while ago and its site has not changed since, or something was brought about after root was asked.
 */
export async function askForRenewal(
  state: State,
  server: ServerId,
  {
    report: { part: id, site: domain, served },
    since,
  }: { readonly report: CertificateReport; readonly since: string },
): Promise<OperationId | undefined> {
  if (served === null) return undefined;
  return state.transaction(async (sql) => {
    const owner = await lockOwner(sql, domain, server);
    if (owner === undefined || (await isNoTimeFor(sql, server, { part: id, site: domain, since })))
      return undefined;
    const generation = await nextGeneration(sql, 'certificate', id);
    const part = { id, domain, name: CERTIFICATE_NAME, tenant: owner, server };
    const spec = { kind: served.kind };
    await insertPartVersion(sql, { ...part, type: 'certificate', spec, generation }, false);
    return insertOperation(sql, {
      ...{
        kind: 'certificate.renew',
        resource: { id, name: CERTIFICATE_NAME },
        serialKey: `domain:${domain}`,
      },
      ...{ generation, tenant: owner, server, actor: BY_ITSELF },
    });
  });
}

/** By the first version, which nobody can write another of; whoever asks for something else of the site waits. */
async function lockOwner(sql: Sql, domain: DomainId, server: ServerId): Promise<TenantId | undefined> {
  const text = `SELECT tenant FROM domain_version
    WHERE domain_id = ? AND generation = 1 AND server = ? FOR UPDATE`;
  return (await sql.rows(z.object({ tenant: TenantId }), text, [domain, server]))[0]?.tenant;
}

/** What is asked here after that was done is seen by whoever is asked after it. */
export async function timeOf(sql: Sql): Promise<string> {
  const rows = await sql.rows(
    z.object({ now: z.string() }),
    'SELECT CAST(UTC_TIMESTAMP(3) AS CHAR) AS now',
    [],
  );
  return rows[0]?.now ?? '';
}

/**
 * Something is under way, has come about since, or the last renewal began lately and its site was not changed after that.
 * When one began, and how it ended, is written by the worker alone.
 */
async function isNoTimeFor(
  sql: Sql,
  server: ServerId,
  { part, site, since }: { readonly part: PartId; readonly site: DomainId; readonly since: string },
): Promise<boolean> {
  const text = `SELECT o.id FROM operation o WHERE o.server = ? AND (
      (o.resource_id = ? AND o.kind = 'domain.move' AND o.status IN ('queued', 'running'))
      OR (o.resource_id = ? AND o.resource_type = 'certificate' AND (o.status IN ('queued', 'running')
        OR (o.status = 'succeeded' AND o.ended_at >= ?)
        OR (o.kind = 'certificate.renew' AND o.started_at > UTC_TIMESTAMP(3) - INTERVAL ? HOUR AND NOT EXISTS
          (SELECT 1 FROM operation d WHERE d.resource_id = ? AND d.resource_type = 'domain'
            AND d.status = 'succeeded' AND d.ended_at >= o.started_at))))) LIMIT 1`;
  const values = [server, site, part, since, AGAIN_HOURS, site];
  return (await sql.rows(z.object({ id: z.string() }), text, values)).length > 0;
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
