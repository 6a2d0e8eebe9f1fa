import { z } from 'zod';
import type { Known } from '../render/adoption/told.ts';
import { sqlText } from '../render/sql.ts';
import type { RootSql } from './root-sql.ts';

export type KnownResource = Known & { readonly name: string };

const TABLES = [
  ['tenant_version', 'tenant_id'],
  ['domain_version', 'domain_id'],
  ['site_part_version', 'part_id'],
  ['database_version', 'database_id'],
  ['database_user_version', 'user_id'],
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
    for await (const row of pages(sql, Row, (after) => pageOf({ table, column, after })))
      known.set(row.id, row);
  return known;
}

type Page = {
  readonly table: string;
  readonly column: string;
  readonly after: string;
};

/**
 * The last of a resource is the one before the first number that is free, as where the next is asked for. What else has been
 * written there, with ids that nobody of ours gives and with numbers far ahead, is left.
 */
function pageOf({ table, column, after }: Page): string {
  return `SELECT JSON_OBJECT('id', v.${column}, 'last', v.generation, 'status', s.status, 'name', v.name)
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
  from: 'managed_database',
): Promise<readonly string[]> {
  const ids: string[] = [];
  const page = (after: string) =>
    `SELECT JSON_OBJECT('id', id) FROM sculptor_door.${from} WHERE id > ${sqlText(after)} ORDER BY id LIMIT ${PAGE};`;
  for await (const { id } of pages(doorSql, IdRow, page)) ids.push(id);
  return ids;
}
