import { z } from 'zod';
import type { DomainId, Generation } from '../contract/ids.ts';
import type { Sql } from './connection.ts';

/** What a version of a domain brought of its visitors. */
export type NewVisitor = { readonly name: string; readonly passwordHash: string };

export async function insertVisitorHashes(
  sql: Sql,
  { id, generation }: { readonly id: DomainId; readonly generation: Generation },
  visitors: readonly NewVisitor[],
): Promise<void> {
  for (const { name, passwordHash } of visitors) {
    await sql.run(
      'INSERT INTO visitor_hash (domain_id, generation, name, password_hash) VALUES (?, ?, ?, ?)',
      [id, generation, name, passwordHash],
    );
  }
}

const Row = z.object({ generation: z.number(), name: z.string(), passwordHash: z.string() });

/** Of all versions of a domain; given out as it stands, like all that was asked for. */
export async function readVisitorHashes(sql: Sql, id: string): Promise<readonly z.infer<typeof Row>[]> {
  return sql.rows(
    Row,
    'SELECT generation, name, password_hash AS passwordHash FROM visitor_hash WHERE domain_id = ?',
    [id],
  );
}
