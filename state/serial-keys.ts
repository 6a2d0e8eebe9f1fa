import { z } from 'zod';
import type { ResourceType } from '../contract/operations.ts';
import type { Sql } from './connection.ts';
import type { OpenOperation } from './open-operations.ts';
import { keyOfPlan } from './planned-changes.ts';
import { VERSIONS } from './versions-of.ts';

/** What belongs to another waits for its turn with that. */
const PARENTS: { readonly [T in ResourceType]?: { readonly type: ResourceType; readonly column: string } } = {
  databaseUser: { type: 'database', column: 'database_id' },
  key: { type: 'domain', column: 'domain_id' },
  cache: { type: 'domain', column: 'domain_id' },
  certificate: { type: 'domain', column: 'domain_id' },
  cron: { type: 'domain', column: 'domain_id' },
  queue: { type: 'domain', column: 'domain_id' },
};

export function hasChildren(type: string): boolean {
  return Object.values(PARENTS).some((parent) => parent.type === type);
}

/** The key that a resource of this type waits under, by its version; undefined where there is none. */
export async function serialKeyOf(
  sql: Sql,
  type: ResourceType,
  row: Pick<OpenOperation, 'resourceId' | 'generation'>,
): Promise<string | undefined> {
  if (type === 'change') return keyOfPlan(sql, row.resourceId);
  const parent = PARENTS[type];
  if (parent === undefined) return `${type}:${row.resourceId}`;
  const [version] = await sql.rows(
    z.object({ parent: z.string() }),
    `SELECT ${parent.column} AS parent FROM ${VERSIONS[type]} = ? AND generation = ?`,
    [row.resourceId, row.generation],
  );
  return version === undefined ? undefined : `${parent.type}:${version.parent}`;
}
