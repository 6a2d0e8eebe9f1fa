import { z } from 'zod';
import type { KnownAccount } from '../render/adoption/account.ts';
import type { Known } from '../render/adoption/told.ts';
import { sqlText } from '../render/sql.ts';
import type { RootSql } from './root-sql.ts';

export type KnownResource = Known & { readonly name: string };

const TABLES = [
  ['tenant_version', 'tenant_id'],
  ['domain_version', 'domain_id'],
  ['site_part_version', 'part_id'],
  ['database_version', 'database_id'],
] as const;

/** The answers of one client are bounded: a part at a time. */
const PAGE = 500;

const Row = z.strictObject({
  id: z.string(),
  last: z.int(),
  status: z.string().nullable(),
  name: z.string(),
});

/** What a state knows of each resource. */
export async function readKnown(sql: RootSql): Promise<ReadonlyMap<string, KnownResource>> {
  const known = new Map<string, KnownResource>();
  for (const [table, column] of TABLES)
    for await (const row of pages(sql, Row, (after) => pageOf({ table, column, after, more: '' })))
      known.set(row.id, row);
  return known;
}

const Asked = z.strictObject({
  privileges: z.string(),
  maxConnections: z.int().nullable(),
  passwordHash: z.string().nullable(),
});
const AccountRow = Row.extend({
  database: z.string(),
  tenant: z.string(),
  asked: Asked,
  stands: Asked.nullable(),
});

/** The accounts with what was asked for last, and with what stood. */
export async function readKnownAccounts(sql: RootSql): Promise<ReadonlyMap<string, KnownAccount>> {
  const known = new Map<string, KnownAccount>();
  const more = `, 'database', v.database_id, 'tenant', v.tenant, 'asked', ${askedOf('v')}, 'stands',
    JSON_COMPACT((SELECT ${askedOf('w')} FROM sculptor.database_user_version w
      WHERE w.user_id = v.user_id AND w.generation = s.generation))`;
  const of = { table: 'database_user_version', column: 'user_id', more };
  for await (const row of pages(sql, AccountRow, (after) => pageOf({ ...of, after }))) known.set(row.id, row);
  return known;
}

/** A version that changes no password has that of the last before it that was not called off, and did not fail. */
function askedOf(version: 'v' | 'w'): string {
  return `JSON_OBJECT('privileges', ${version}.privileges, 'maxConnections', ${version}.max_connections, 'passwordHash',
    COALESCE(${version}.password_hash, (SELECT b.password_hash FROM sculptor.database_user_version b
      JOIN sculptor.operation o ON o.resource_id = b.user_id AND o.resource_type = 'databaseUser'
        AND o.generation = b.generation AND o.status NOT IN ('cancelled', 'failed')
      WHERE b.user_id = ${version}.user_id AND b.generation < ${version}.generation AND b.password_hash IS NOT NULL
        AND NOT b.deleted ORDER BY b.generation DESC LIMIT 1)))`;
}

type Page = {
  readonly table: string;
  readonly column: string;
  readonly after: string;
  readonly more: string;
};

/**
 * The last of a resource is the one before the first number that is free, as where the next is asked for. What else has been
 * written there, with ids that nobody of ours gives and with numbers far ahead, is left.
 */
function pageOf({ table, column, after, more }: Page): string {
  return `SELECT JSON_OBJECT('id', v.${column}, 'last', v.generation, 'status', s.status, 'name', v.name${more})
    FROM (SELECT o.${column} AS id, MIN(o.generation) AS last FROM sculptor.${table} o
        LEFT JOIN sculptor.${table} n ON n.${column} = o.${column} AND n.generation = o.generation + 1
      WHERE n.generation IS NULL AND o.generation < 2147483647 AND o.${column} > ${sqlText(after)}
        AND o.${column} NOT REGEXP '[^a-z0-9]' GROUP BY o.${column} ORDER BY o.${column} LIMIT ${PAGE}) e
      JOIN sculptor.${table} v ON v.${column} = e.id AND v.generation = e.last
      LEFT JOIN sculptor.resource_state s ON s.resource_id = v.${column}
    ORDER BY v.${column};`;
}

/** All rows of a table, by the id that each page begins after. */
export async function* pages<T extends { readonly id: string }>(
  sql: RootSql,
  schema: z.ZodType<T>,
  page: (after: string) => string,
): AsyncGenerator<T> {
  for (let after = ''; ;) {
    const lines = (await sql(page(after))).split('\n').filter(Boolean);
    const rows = lines.map((line) => schema.parse(JSON.parse(line)));
    yield* rows;
    const last = rows.at(-1)?.id;
    if (last === undefined || rows.length < PAGE) return;
    after = last;
  }
}

const IdRow = z.strictObject({ id: z.string() });

/** Ids of the door's register, a line each. */
export async function readDoorIds(
  doorSql: RootSql,
  from: 'managed_database' | 'managed_user WHERE dropped_at IS NULL',
): Promise<readonly string[]> {
  const ids: string[] = [];
  const and = from.includes('WHERE') ? 'AND' : 'WHERE';
  const page = (after: string) =>
    `SELECT JSON_OBJECT('id', id) FROM sculptor_door.${from} ${and} id > ${sqlText(after)} ORDER BY id LIMIT ${PAGE};`;
  for await (const { id } of pages(doorSql, IdRow, page)) ids.push(id);
  return ids;
}
