import { z } from 'zod';
import type { ResourceType } from '../contract/operations.ts';
import type { ServerId } from '../contract/ids.ts';
import type { Sql } from './connection.ts';
import { readResourceState } from './resource-states.ts';
import { looseJson } from './row-values.ts';

/** Who holds each of these host names, as far as somebody does. */
export async function domainNameHolders(
  sql: Sql,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await sql.rows(
    z.object({ name: z.string(), holder: z.string() }),
    `SELECT name, domain_id AS holder FROM domain_name WHERE name IN (${names.map(() => '?').join(', ')})`,
    names,
  );
  return new Map(rows.map((row) => [row.name, row.holder]));
}

const Holder = z.object({ holder: z.string() });

export async function databaseNameHolder(
  sql: Sql,
  server: ServerId,
  name: string,
): Promise<string | undefined> {
  const text = 'SELECT database_id AS holder FROM database_name WHERE server = ? AND name = ?';
  return (await sql.rows(Holder, text, [server, name]))[0]?.holder;
}

export async function databaseUserNameHolder(
  sql: Sql,
  server: ServerId,
  name: string,
): Promise<string | undefined> {
  const text = 'SELECT user_id AS holder FROM database_user_name WHERE server = ? AND name = ?';
  return (await sql.rows(Holder, text, [server, name]))[0]?.holder;
}

/** All names of a resource that is gone; those of a database's users go with it. */
const FREE_ALL: { readonly [T in ResourceType]: readonly string[] } = {
  domain: [
    'DELETE FROM domain_name WHERE domain_id = ?',
    'DELETE FROM site_part_name WHERE domain_id = ?',
    'DELETE FROM public_port WHERE domain_id = ?',
  ],
  database: [
    'DELETE FROM database_name WHERE database_id = ?',
    'DELETE FROM database_user_name WHERE database_id = ?',
  ],
  databaseUser: ['DELETE FROM database_user_name WHERE user_id = ?'],
  key: ['DELETE FROM site_part_name WHERE part_id = ?'],
  cache: ['DELETE FROM site_part_name WHERE part_id = ?'],
  certificate: ['DELETE FROM site_part_name WHERE part_id = ?'],
  tenant: [],
  cron: ['DELETE FROM site_part_name WHERE part_id = ?'],
  run: ['DELETE FROM site_part_name WHERE part_id = ?'],
  queue: ['DELETE FROM site_part_name WHERE part_id = ?', 'DELETE FROM public_port WHERE part_id = ?'],
  update: [],
  address: [],
  change: [],
};

export async function freeAllNames(sql: Sql, type: ResourceType, id: string): Promise<void> {
  for (const text of FREE_ALL[type]) await sql.run(text, [id]);
}

/** What lies in the trash holds no name, but for a restoration that is still to come. */
export async function freeTrashedDatabaseNames(sql: Sql, id: string): Promise<void> {
  if ((await readResourceState(sql, id))?.status !== 'trashed') return;
  const waiting = await sql.rows(
    z.object({ id: z.string() }),
    `SELECT id FROM operation WHERE resource_id = ? AND resource_type = 'database'
       AND kind = 'database.restore' AND status IN ('queued', 'running')`,
    [id],
  );
  if (waiting.length === 0) await freeAllNames(sql, 'database', id);
}

const VersionNames = z.object({ name: z.string(), aliases: looseJson.pipe(z.array(z.string()).catch([])) });

/**
 * Frees what a domain holds and no longer uses. Used are the names of its versions since the last operation
 * that succeeded, that one included, without those whose operation was cancelled or superseded. What lies in the
 * trash uses none but those of an operation that is still to come.
 */
export async function freeUnusedDomainNames(sql: Sql, id: string): Promise<void> {
  // The lock first: the API, inserting a name that is held already, waits here or makes us wait, and whoever
  // comes second sees what the first has written.
  const held = await sql.rows(
    z.object({ name: z.string() }),
    'SELECT name FROM domain_name WHERE domain_id = ? FOR UPDATE',
    [id],
  );
  const trashed = (await readResourceState(sql, id))?.status === 'trashed';
  const counts = trashed ? "('queued', 'running')" : "('queued', 'running', 'succeeded', 'failed')";
  const versions = await sql.rows(
    VersionNames,
    `SELECT v.name, v.aliases FROM domain_version v
       WHERE v.domain_id = ?
         AND v.generation >= (SELECT COALESCE(MAX(o.generation), 0) FROM operation o
           WHERE o.resource_id = v.domain_id AND o.resource_type = 'domain' AND o.status = 'succeeded')
         AND EXISTS (SELECT 1 FROM operation o
           WHERE o.resource_id = v.domain_id AND o.resource_type = 'domain' AND o.generation = v.generation
             AND o.status IN ${counts})`,
    [id],
  );
  const used = new Set(versions.flatMap((version) => [version.name, ...version.aliases]));
  for (const { name } of held) {
    if (!used.has(name))
      await sql.run('DELETE FROM domain_name WHERE name = ? AND domain_id = ?', [name, id]);
  }
}
