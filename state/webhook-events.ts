import { z } from 'zod';
import { FailureCode } from '../contract/failures.ts';
import { OperationId, ServerId, TenantId } from '../contract/ids.ts';
import type { WebhookId } from '../contract/ids.ts';
import { NotificationKind } from '../contract/notifications.ts';
import { OperationKind, OperationStatus, ResourceType } from '../contract/operations.ts';
import { typeOfEnd, typeOfKind } from '../contract/webhooks.ts';
import type { WebhookEvent } from '../contract/webhooks.ts';
import type { Sql, State } from './connection.ts';
import { instant } from './row-values.ts';

/** Something that happened, as it is sent. */
export interface Happened {
  /** Known by it again, however often it is found or sent: the `webhook-id`. */
  readonly id: string;
  readonly at: string;
  readonly tenant: TenantId | null;
  readonly body: WebhookEvent;
}

/** Where one look ends and the next goes on. */
export interface Position {
  readonly at: Date;
  readonly key: string;
}

export interface Since {
  readonly server: ServerId;
  /** Undefined: all of the last day. */
  readonly from: Position | undefined;
  readonly limit: number;
}

const A_DAY_AGO = 'UTC_TIMESTAMP(3) - INTERVAL 1 DAY';

const EndedRow = z.object({
  operation: OperationId,
  kind: OperationKind,
  status: OperationStatus,
  error: FailureCode.nullable(),
  resourceType: ResourceType,
  resourceId: z.string(),
  resourceName: z.string(),
  tenant: TenantId,
  server: ServerId,
  at: instant,
});
const AnyEnded = z.looseObject({ operation: z.string(), at: z.date() });

/** Operations that ended, the first first, and the position after them. What the API's account made up is passed over. */
export async function endedSince(sql: Sql, { server, from, limit }: Since): Promise<Found> {
  const rows = await sql.rows(
    AnyEnded,
    `SELECT id AS operation, kind, status, error_code AS error, resource_type AS resourceType,
       resource_id AS resourceId, resource_name AS resourceName, tenant, server, ended_at AS at
     FROM operation WHERE server = ? AND ${from === undefined ? `ended_at > ${A_DAY_AGO}` : 'ended_at >= ? AND (ended_at > ? OR id > ?)'}
     ORDER BY ended_at, id LIMIT ?`,
    [server, ...valuesOf(from), limit],
  );
  const happened = rows.flatMap((raw) => {
    const row = EndedRow.safeParse(raw).data;
    if (row === undefined) return [];
    const { resourceType: type, resourceId, resourceName: name, at, ...data } = row;
    const resource = { type, id: resourceId, name };
    const body = { type: typeOfEnd(row.status), timestamp: at, data: { ...data, resource } };
    return [{ id: `operation_${row.operation}`, at, tenant: row.tenant, body }];
  });
  const last = rows.at(-1);
  return { happened, end: last && { at: last.at, key: last.operation }, isFull: rows.length === limit };
}

const ToldRow = z.object({
  notification: z.number(),
  kind: NotificationKind,
  operation: OperationId.nullable(),
  resourceType: z.string(),
  resourceId: z.string(),
  resourceName: z.string(),
  message: z.string(),
  tenant: TenantId.nullable(),
  server: ServerId,
  at: instant,
});
const AnyTold = z.looseObject({ notification: z.number(), at: z.date() });

/** Notifications of whatever kind. The number alone may be given anew where a dump of the state was put back. */
export async function toldSince(sql: Sql, { server, from, limit }: Since): Promise<Found> {
  const rows = await sql.rows(
    AnyTold,
    `SELECT seq AS notification, kind, operation_id AS operation, resource_type AS resourceType,
       resource_id AS resourceId, resource_name AS resourceName, message, tenant, server, created_at AS at
     FROM notification WHERE server = ? AND ${from === undefined ? `created_at > ${A_DAY_AGO}` : 'created_at >= ? AND (created_at > ? OR seq > ?)'}
     ORDER BY created_at, seq LIMIT ?`,
    [server, ...valuesOf(from), limit],
  );
  const happened = rows.flatMap((raw) => {
    const row = ToldRow.safeParse(raw).data;
    if (row === undefined) return [];
    const { resourceType: type, resourceId, resourceName: name, at, ...data } = row;
    const resource = { type, id: resourceId, name };
    const body = { type: typeOfKind(row.kind), timestamp: at, data: { ...data, resource } };
    return [{ id: `notification_${row.notification}_${Date.parse(at)}`, at, tenant: row.tenant, body }];
  });
  const last = rows.at(-1);
  return {
    happened,
    end: last && { at: last.at, key: String(last.notification) },
    isFull: rows.length === limit,
  };
}

export interface Found {
  readonly happened: readonly Happened[];
  /** Undefined where nothing was found. */
  readonly end: Position | undefined;
  /** Whether there may be more after it. */
  readonly isFull: boolean;
}

function valuesOf(from: Position | undefined) {
  return from === undefined ? [] : [from.at, from.at, from.key];
}

/** What happened, and that these are to be told of it: all of it once, however often it is asked for. */
export async function insertHappened(
  state: State,
  { id, body }: Pick<Happened, 'id' | 'body'>,
  webhooks: readonly WebhookId[],
): Promise<void> {
  await state.transaction(async (sql) => {
    if (!(await insertEvent(sql, id, body))) return;
    for (const webhook of webhooks) await insertDelivery(sql, { webhook, event: id, sending: 1 });
  });
}

/** False where it is there. */
export async function insertEvent(sql: Sql, id: string, body: WebhookEvent): Promise<boolean> {
  const text = 'INSERT IGNORE INTO webhook_event (event_id, type, body) VALUES (?, ?, ?)';
  return (await sql.run(text, [id, body.type, JSON.stringify(body)])) === 1;
}

/** Once, whoever was there before: what is known to be told keeps nothing else from being told. */
export async function insertDelivery(
  sql: Sql,
  {
    webhook,
    event,
    sending,
  }: { readonly webhook: WebhookId; readonly event: string; readonly sending: number },
): Promise<void> {
  const text = 'INSERT IGNORE INTO webhook_delivery (webhook_id, event_id, sending) VALUES (?, ?, ?)';
  await sql.run(text, [webhook, event, sending]);
}

/** The text that is sent; undefined where it was forgotten. */
export async function readEventBody(sql: Sql, id: string): Promise<string | undefined> {
  const text = 'SELECT body FROM webhook_event WHERE event_id = ?';
  return (await sql.rows(z.object({ body: z.string() }), text, [id]))[0]?.body;
}
