import { z } from 'zod';
import { WantedPlan } from '../contract/changes.ts';
import type { WouldBe } from '../contract/changes.ts';
import { DatabaseId, DomainId } from '../contract/ids.ts';
import { OPERATION_RESOURCES } from '../contract/operations.ts';
import type { ResourceType } from '../contract/operations.ts';
import type { Sql } from './connection.ts';
import type { OpenOperation } from './open-operations.ts';
import { readWantedPlan } from './planned-changes.ts';
import { VERSIONS } from './versions-of.ts';

interface Parent {
  readonly type: 'domain' | 'database';
  readonly column: string;
}

/** What belongs to another waits for its turn with that. */
const PARENTS: { readonly [T in ResourceType]?: Parent } = {
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
  row: Pick<OpenOperation, 'resourceId' | 'generation' | 'server'>,
): Promise<string | undefined> {
  if (type === 'update' || type === 'address') return keyOfServer(type, row.server);
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

/** What of a server itself is asked for. */
export type ServerResource = 'update' | 'address';

/** What is asked of a server itself is done one after the other. */
export function keyOfServer(type: ServerResource, server: string): string {
  return `${type}:${server}`;
}

/** The key of what is planned first: where it was to wait under another, it would keep that one's owner waiting. */
async function keyOfPlan(sql: Sql, id: string): Promise<string | undefined> {
  const { changes = [] } = WantedPlan.safeParse(await readWantedPlan(sql, id)).data ?? {};
  return changes[0] === undefined ? undefined : keyOfWouldBe(changes[0]);
}

const BelongsTo = z.looseObject({ domain: DomainId.optional(), database: DatabaseId.optional() });

function keyOfWouldBe({ kind, resource, version }: WouldBe): string | undefined {
  const type = OPERATION_RESOURCES[kind];
  const parent = PARENTS[type];
  if (parent === undefined) return `${type}:${resource.id}`;
  const id = BelongsTo.safeParse(version).data?.[parent.type];
  return id === undefined ? undefined : `${parent.type}:${id}`;
}
