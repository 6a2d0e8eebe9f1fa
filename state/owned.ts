import { z } from 'zod';
import type { TenantId } from '../contract/ids.ts';
import { OwnedKind } from '../contract/tenants.ts';
import type { Sql } from './connection.ts';

/** It is there, or is to come about; what lies in the trash counts again with the wish to bring it back. */
function stands(state: string, id: string): string {
  return `(${state}.status IS NULL OR ${state}.status IN ('live', 'failed') OR (${state}.status = 'trashed'
    AND EXISTS (SELECT 1 FROM operation o WHERE o.resource_id = ${id} AND o.kind IN ('domain.restore', 'database.restore')
      AND o.status IN ('queued', 'running'))))`;
}

function joined(state: string, id: string): string {
  return `LEFT JOIN resource_state ${state} ON ${state}.resource_id = ${id}`;
}

/** What a plan limits by a sum over things: connections, where one that asks for no number counts as one. */
export type Counted = OwnedKind | 'databaseConnections';

/** What goes to the trash with its site or its database counts when that does. */
const COUNT: { readonly [K in Counted]: string } = {
  domains: `domain_version v ${joined('s', 'v.domain_id')}
    WHERE v.tenant = ? AND v.generation = 1 AND ${stands('s', 'v.domain_id')}`,
  databases: `database_version v ${joined('s', 'v.database_id')}
    WHERE v.tenant = ? AND v.generation = 1 AND ${stands('s', 'v.database_id')}`,
  databaseUsers: `database_user_version v ${joined('s', 'v.user_id')} ${joined('d', 'v.database_id')}
    WHERE v.tenant = ? AND v.generation = 1 AND ${stands('s', 'v.user_id')} AND ${stands('d', 'v.database_id')}`,
  databaseConnections: `database_user_version v ${joined('s', 'v.user_id')} ${joined('d', 'v.database_id')}
    WHERE v.tenant = ? AND ${stands('s', 'v.user_id')} AND ${stands('d', 'v.database_id')} AND v.generation =
      (SELECT MAX(n.generation) FROM database_user_version n WHERE n.user_id = v.user_id)`,
  queues: parts('queue'),
  crons: parts('cron'),
  keys: parts('key'),
  publicPorts: `public_port p JOIN site_part_version v ON v.part_id = p.part_id AND v.generation = 1
    ${joined('s', 'v.part_id')} ${joined('d', 'v.domain_id')}
    WHERE v.tenant = ? AND ${stands('s', 'v.part_id')} AND ${stands('d', 'v.domain_id')}`,
  tokens: `token v LEFT JOIN token_revocation r ON r.token_id = v.id
    WHERE v.tenant = ? AND v.role = 'tenant' AND r.token_id IS NULL AND v.expires_at > UTC_TIMESTAMP(3)`,
};

function parts(type: 'queue' | 'cron' | 'key'): string {
  return `site_part_version v ${joined('s', 'v.part_id')} ${joined('d', 'v.domain_id')}
    WHERE v.tenant = ? AND v.type = '${type}' AND v.generation = 1 AND ${stands('s', 'v.part_id')}
      AND ${stands('d', 'v.domain_id')}`;
}

/** A program that is given another port holds both until that has come about. */
const HOW_MANY: { readonly [K in Counted]?: string } = {
  databaseConnections: 'COALESCE(SUM(COALESCE(v.max_connections, 1)), 0)',
  publicPorts: 'COUNT(DISTINCT p.part_id)',
};

/** How many of a kind a tenant has. For a limit to hold it is asked under the tenant's lock. */
export async function countOwned(sql: Sql, tenant: TenantId, kind: Counted): Promise<number> {
  const text = `SELECT ${HOW_MANY[kind] ?? 'COUNT(*)'} AS count FROM ${COUNT[kind]}`;
  const [row] = await sql.rows(z.object({ count: z.coerce.number() }), text, [tenant]);
  return row?.count ?? 0;
}

export async function countAllOwned(sql: Sql, tenant: TenantId): Promise<Record<OwnedKind, number>> {
  const counts = {} as Record<OwnedKind, number>;
  for (const kind of OwnedKind.options) counts[kind] = await countOwned(sql, tenant, kind);
  return counts;
}
