import { z } from 'zod';
import { isDuplicate } from './connection.ts';
import type { Sql } from './connection.ts';
import type { ResourceType } from '../contract/operations.ts';

/** What may not be removed or switched off. It can be asked for by everybody who writes, and root alone ends it. */
export interface NewProtection {
  readonly type: ResourceType;
  readonly id: string;
  readonly actor: string;
}

/** Asking again changes nothing. */
export async function insertProtection(sql: Sql, { type, id, actor }: NewProtection): Promise<void> {
  try {
    const text = 'INSERT INTO protection (resource_id, resource_type, actor) VALUES (?, ?, ?)';
    await sql.run(text, [id, type, actor]);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}

export async function isProtected(sql: Sql, id: string): Promise<boolean> {
  const text = 'SELECT resource_id AS id FROM protection WHERE resource_id = ?';
  return (await sql.rows(z.object({ id: z.string() }), text, [id])).length > 0;
}
