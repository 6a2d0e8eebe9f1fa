import { z } from 'zod';
import { Generation, ServerId, TenantId, WebhookId } from '../contract/ids.ts';
import { EventPattern, Webhook, WebhookUrl } from '../contract/webhooks.ts';
import { RetryError, isDuplicate } from './connection.ts';
import type { Sql } from './connection.ts';
import { bit, instant, json } from './row-values.ts';

/** A webhook with what its next version, and whoever signs for it, needs to know. */
export interface WebhookRecord {
  readonly webhook: Webhook;
  readonly generation: Generation;
  readonly secretNumber: number;
  readonly secretSince: string;
}

const Row = z.object({
  id: WebhookId,
  generation: Generation,
  tenant: TenantId.nullable(),
  server: ServerId,
  url: WebhookUrl,
  events: json(z.array(EventPattern)),
  description: z.string(),
  secretNumber: z.int().min(1),
  offBecause: Webhook.shape.offBecause,
  secretSince: instant,
  createdAt: instant,
  updatedAt: instant,
  isSecretYoung: bit,
});

/** What nobody of ours can have written is no webhook, and hides no other. */
const AnyRow = z.looseObject({ id: z.string() });

/**
 * The newest versions of those that are not deleted; a tenant's only while there is the tenant. Each by its last entry in the key, so
 * that of those that others took the place of none is read: it is asked each second. With a LIMIT that limits nothing the inner query
 * is done first, and by itself; which key is named, as one that grows quickly is not known well to who chooses.
 */
const current = (which = ''): string => `FROM (SELECT o.webhook_id, o.created_at,
      (SELECT n.generation FROM webhook_version n FORCE INDEX (PRIMARY) WHERE n.webhook_id = o.webhook_id
        ORDER BY n.generation DESC LIMIT 1) AS newest
    FROM webhook_version o FORCE INDEX (by_first) WHERE o.generation = 1 ${which} LIMIT 4294967295) AS f
  STRAIGHT_JOIN webhook_version v ON v.webhook_id = f.webhook_id AND v.generation = f.newest
  WHERE NOT v.deleted AND NOT EXISTS (SELECT 1 FROM tenant_version t WHERE t.tenant_id = v.tenant AND t.deleted
      AND t.generation = (SELECT MAX(x.generation) FROM tenant_version x WHERE x.tenant_id = v.tenant))`;

const SINCE = `(SELECT s.created_at FROM webhook_version s FORCE INDEX (by_secret)
  WHERE s.webhook_id = v.webhook_id AND s.secret_number = v.secret_number ORDER BY s.created_at LIMIT 1)`;

const query = (
  which = '',
): string => `SELECT v.webhook_id AS id, v.generation, v.tenant, v.server, v.url, v.events, v.description,
    v.secret_number AS secretNumber, v.off_because AS offBecause, ${SINCE} AS secretSince, f.created_at AS createdAt,
    v.created_at AS updatedAt, (v.secret_number > 1 AND ${SINCE} > UTC_TIMESTAMP(3) - INTERVAL 1 DAY) AS isSecretYoung
  ${current(which)}`;

/** Whose can be seen: one tenant's, or all there are. */
export type WebhookView = TenantId | 'all';

const OF_VIEW = "AND ('all' = ? OR v.tenant = ?)";

export async function findWebhook(
  sql: Sql,
  view: WebhookView,
  id: string,
): Promise<WebhookRecord | undefined> {
  const rows = await sql.rows(AnyRow, `${query('AND o.webhook_id = ?')} ${OF_VIEW}`, [id, view, view]);
  return toRecord(rows[0]);
}

export interface WebhookFilter {
  /** The id that the page begins after. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** In the order of ids; without the webhook where its row cannot be read. */
export async function listWebhooks(
  sql: Sql,
  view: WebhookView,
  { after = '', limit }: WebhookFilter,
): Promise<{ readonly id: string; readonly webhook: Webhook | undefined }[]> {
  const text = `${query('AND o.webhook_id > ?')} ${OF_VIEW} ORDER BY v.webhook_id LIMIT ?`;
  const rows = await sql.rows(AnyRow, text, [after, view, view, limit]);
  return rows.map((row) => ({ id: row.id, webhook: toRecord(row)?.webhook }));
}

/** All of a server's that are on. */
export async function listeningWebhooks(sql: Sql, server: ServerId): Promise<Webhook[]> {
  const rows = await sql.rows(AnyRow, `${query()} AND v.off_because IS NULL AND v.server = ?`, [server]);
  return rows.flatMap((row) => toRecord(row)?.webhook ?? []);
}

/** Of a tenant, or of those that are nobody's. For a limit to hold it is asked under the tenant's lock. */
export async function countWebhooks(sql: Sql, tenant: TenantId | null): Promise<number> {
  const text = `SELECT COUNT(*) AS count ${current()} AND v.tenant <=> ?`;
  return (await sql.rows(z.object({ count: z.number() }), text, [tenant]))[0]?.count ?? 0;
}

const LAST_HOUR = 'created_at > UTC_TIMESTAMP(3) - INTERVAL 1 HOUR';

/** How often it was changed in the last hour. */
export async function countChanges(sql: Sql, id: WebhookId): Promise<number> {
  const text = `SELECT COUNT(*) AS count FROM webhook_version WHERE webhook_id = ? AND generation > 1 AND ${LAST_HOUR}`;
  return (await sql.rows(z.object({ count: z.number() }), text, [id]))[0]?.count ?? 0;
}

/** How many of a tenant, or of nobody, were made in the last hour, the deleted ones too. */
export async function countMade(sql: Sql, tenant: TenantId | null): Promise<number> {
  const text = `SELECT COUNT(*) AS count FROM webhook_version WHERE generation = 1 AND tenant <=> ? AND ${LAST_HOUR}`;
  return (await sql.rows(z.object({ count: z.number() }), text, [tenant]))[0]?.count ?? 0;
}

export type WebhookVersion = Pick<
  Webhook,
  'id' | 'tenant' | 'server' | 'url' | 'events' | 'description' | 'offBecause'
> & {
  readonly generation: number;
  readonly secretNumber: number;
  readonly deleted?: boolean;
};

/** The next one of somebody else's may have been written meanwhile: whoever reads it then begins anew. */
export async function insertWebhookVersion(sql: Sql, version: WebhookVersion): Promise<void> {
  const { id, generation, tenant, server, url, events, description, secretNumber, offBecause } = version;
  try {
    await sql.run(
      `INSERT INTO webhook_version (webhook_id, generation, tenant, server, url, events, description, secret_number,
         off_because, deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        ...[id, generation, tenant, server, url, JSON.stringify(events), description, secretNumber],
        ...[offBecause, version.deleted ?? false],
      ],
    );
  } catch (error) {
    if (isDuplicate(error)) throw new RetryError('a version of this webhook was written in this moment');
    throw error;
  }
}

/** The version after this one, with what of it changes. */
export function nextVersion(
  { webhook, generation, secretNumber }: WebhookRecord,
  change: Partial<WebhookVersion>,
): WebhookVersion {
  const { id, tenant, server, url, events, description, offBecause } = webhook;
  return {
    ...{ id, tenant, server, url, events, description, offBecause, secretNumber },
    ...change,
    generation: generation + 1,
  };
}

/** Whether the next version would be as this one is. */
export function isUnchanged({ webhook, secretNumber }: WebhookRecord, next: WebhookVersion): boolean {
  const { url, description, offBecause, events } = webhook;
  return (
    secretNumber === next.secretNumber &&
    url === next.url &&
    description === next.description &&
    offBecause === next.offBecause &&
    JSON.stringify(events) === JSON.stringify(next.events)
  );
}

/** Switched off as its receiver wants it, unless somebody has changed it meanwhile. */
export async function switchOffGone(sql: Sql, record: WebhookRecord): Promise<void> {
  try {
    await insertWebhookVersion(sql, nextVersion(record, { offBecause: 'gone' }));
  } catch (error) {
    if (!(error instanceof RetryError)) throw error;
  }
}

function toRecord(raw: unknown): WebhookRecord | undefined {
  const parsed = Row.safeParse(raw);
  if (!parsed.success) return undefined;
  const { generation, secretNumber, secretSince, isSecretYoung, ...row } = parsed.data;
  const formerSecretUntil = isSecretYoung ? aDayAfter(secretSince) : null;
  const webhook = { ...row, enabled: row.offBecause === null, formerSecretUntil };
  return { webhook, generation, secretNumber, secretSince };
}

function aDayAfter(time: string): string {
  return new Date(Date.parse(time) + 86_400_000).toISOString();
}
