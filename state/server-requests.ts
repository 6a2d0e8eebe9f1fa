import { z } from 'zod';
import { OperationId, ServerRequestId } from '../contract/ids.ts';
import type { ServerId, TenantId } from '../contract/ids.ts';
import type { OperationKind } from '../contract/operations.ts';
import type { Sql } from './connection.ts';
import { newId } from './new-ids.ts';
import { looseJson } from './row-values.ts';
import { keyOfServer } from './serial-keys.ts';
import type { ServerResource } from './serial-keys.ts';

export interface NewServerRequest {
  readonly type: ServerResource;
  readonly tenant: TenantId;
  readonly server: ServerId;
  readonly wanted: object;
}

export async function insertServerRequest(sql: Sql, request: NewServerRequest): Promise<ServerRequestId> {
  const id = ServerRequestId.parse(newId(12));
  const { type, tenant, server, wanted } = request;
  await sql.run(
    'INSERT INTO server_request (request_id, type, tenant, server, wanted) VALUES (?, ?, ?, ?, ?)',
    [id, type, tenant, server, JSON.stringify(wanted)],
  );
  return id;
}

/** As the API wrote it: whoever goes by it parses it first. Undefined where there is none. */
export async function readServerRequest(sql: Sql, type: ServerResource, id: string): Promise<unknown> {
  const text = 'SELECT wanted FROM server_request WHERE type = ? AND request_id = ?';
  return (await sql.rows(z.object({ wanted: looseJson }), text, [type, id]))[0]?.wanted;
}

/** Of two who ask a server for the same at once, the second sees what the first has written. */
export async function lockServer(sql: Sql, server: ServerId): Promise<void> {
  await sql.rows(z.object({ id: z.string() }), 'SELECT id FROM server WHERE id = ? FOR UPDATE', [server]);
}

/** The one that waits, or is under way; undefined where none is. */
export async function openServerOperation(
  sql: Sql,
  server: ServerId,
  { type, kind, tenant }: Pick<NewServerRequest, 'type' | 'tenant'> & { readonly kind: OperationKind },
): Promise<OperationId | undefined> {
  const text = `SELECT id FROM operation WHERE serial_key = ? AND server = ? AND kind = ? AND tenant = ?
    AND status IN ('queued', 'running') ORDER BY seq DESC`;
  const rows = await sql.rows(z.object({ id: z.string() }), text, [
    keyOfServer(type, server),
    server,
    kind,
    tenant,
  ]);
  // One that was written past the API may have any id.
  return rows.map(({ id }) => OperationId.safeParse(id).data).find((id) => id !== undefined);
}
