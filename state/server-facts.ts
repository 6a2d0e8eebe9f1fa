import { z } from 'zod';
import type { ServerId } from '../contract/ids.ts';
import type { Sql } from './connection.ts';

const Row = z.object({ value: z.string() });

/** Writes what a server's worker has found there; `value` becomes JSON. */
export async function putServerFact(
  sql: Sql,
  server: ServerId,
  fact: { readonly name: string; readonly value: unknown },
): Promise<void> {
  const value = JSON.stringify(fact.value);
  await sql.run(
    `INSERT INTO server_fact (server, name, value, updated_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE value = VALUES(value), updated_at = VALUES(updated_at)`,
    [server, fact.name, value],
  );
}

/** Writes a fact that is never changed afterwards, and leaves one that is there already. */
export async function putServerFactOnce(
  sql: Sql,
  server: ServerId,
  fact: { readonly name: string; readonly value: unknown },
): Promise<void> {
  await sql.run(
    `INSERT INTO server_fact (server, name, value, updated_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE name = name`,
    [server, fact.name, JSON.stringify(fact.value)],
  );
}

/** The fact as parsed JSON, to be parsed by its reader's own schema; undefined when there is none. */
export async function readServerFact(sql: Sql, server: ServerId, name: string): Promise<unknown> {
  const rows = await sql.rows(Row, 'SELECT value FROM server_fact WHERE server = ? AND name = ?', [
    server,
    name,
  ]);
  return rows[0] === undefined ? undefined : JSON.parse(rows[0].value);
}
