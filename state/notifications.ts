import { z } from 'zod';
import { NotificationKind } from '../contract/notifications.ts';
import type { Notification } from '../contract/notifications.ts';
import { OperationId, ServerId, TenantId } from '../contract/ids.ts';
import { ResourceType } from '../contract/operations.ts';
import type { Sql } from './connection.ts';
import type { ClaimedOperation } from './open-operations.ts';
import { instant } from './row-values.ts';

export interface NewNotification {
  readonly kind: NotificationKind;
  readonly operation: Pick<
    ClaimedOperation,
    'id' | 'resourceType' | 'resourceId' | 'resourceName' | 'tenant' | 'server'
  >;
  readonly message: string;
}

/**
 * Once for each operation and kind: saying it again changes nothing. But that a program failed is told each time that it
 * is said.
 */
export async function insertNotification(
  sql: Sql,
  { kind, operation, message }: NewNotification,
): Promise<void> {
  await sql.run(
    `INSERT IGNORE INTO notification (kind, operation_id, resource_type, resource_id, resource_name, tenant, server,
       message) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ...[kind, operation.id, operation.resourceType, operation.resourceId, operation.resourceName],
      ...[operation.tenant, operation.server, clip(message)],
    ],
  );
}

/** Of the server itself. */
export async function insertServerNotification(
  sql: Sql,
  { kind, server, name, message }: ServerNotification,
): Promise<void> {
  await sql.run(
    `INSERT INTO notification (kind, resource_type, resource_id, resource_name, server, message)
       VALUES (?, 'server', ?, ?, ?, ?)`,
    [kind, server, name, server, clip(message)],
  );
}

/** That an alarm was raised, or is over: of the server, or of a site and then its tenant's. */
export async function insertAlarm(
  sql: Sql,
  { kind, server, resource: { type, id, name }, tenant, message }: AlarmNotification,
): Promise<void> {
  await sql.run(
    `INSERT INTO notification (kind, resource_type, resource_id, resource_name, tenant, server, message)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [kind, type, id, name, tenant, server, clip(message)],
  );
}

interface AlarmNotification {
  readonly kind: 'alarm' | 'alarm_over';
  readonly server: ServerId;
  readonly resource: { readonly type: string; readonly id: string; readonly name: string };
  readonly tenant: TenantId | null;
  readonly message: string;
}

interface ServerNotification {
  readonly kind: NotificationKind;
  readonly server: ServerId;
  readonly name: string;
  readonly message: string;
}

const Row = z.object({
  id: z.number(),
  kind: NotificationKind,
  operation: OperationId.nullable(),
  resourceType: z.enum([...ResourceType.options, 'server']),
  resourceId: z.string(),
  resourceName: z.string(),
  tenant: TenantId.nullable(),
  server: ServerId,
  message: z.string(),
  createdAt: instant,
});

const COLUMNS = `seq AS id, kind, operation_id AS operation, resource_type AS resourceType,
  resource_id AS resourceId, resource_name AS resourceName, tenant, server, message, created_at AS createdAt`;

export interface NotificationFilter {
  /** The id that the page begins after, counting down. */
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface Whose {
  readonly tenant: TenantId;
  /** And what concerns the server. */
  readonly andServer: boolean;
}

/** The newest first. */
export async function listNotifications(
  sql: Sql,
  { tenant, andServer }: Whose,
  { before = Number.MAX_SAFE_INTEGER, limit }: NotificationFilter,
): Promise<Notification[]> {
  const whose = andServer ? '(tenant = ? OR tenant IS NULL)' : 'tenant = ?';
  const text = `SELECT ${COLUMNS} FROM notification WHERE ${whose} AND seq < ? ORDER BY seq DESC LIMIT ?`;
  return (await sql.rows(Row, text, [tenant, before, limit])).map(toNotification);
}

/** A server's, over all tenants, that came after one, the oldest first; where none is named those of the last hour. */
export async function notificationsSince(
  sql: Sql,
  server: ServerId,
  after: number | undefined,
): Promise<Notification[]> {
  const text = `SELECT ${COLUMNS} FROM notification WHERE server = ?
    AND ${after === undefined ? 'created_at > UTC_TIMESTAMP(3) - INTERVAL 1 HOUR' : 'seq > ?'}
    ORDER BY seq LIMIT 100`;
  const values = after === undefined ? [server] : [server, after];
  return (await sql.rows(Row, text, values)).map(toNotification);
}

function toNotification(row: z.infer<typeof Row>): Notification {
  const { resourceType: type, resourceId, resourceName: name, ...rest } = row;
  return { ...rest, resource: { type, id: resourceId, name } };
}

/** As long as the column is. */
function clip(message: string): string {
  return message.length > 500 ? `${message.slice(0, 499)}…` : message;
}
