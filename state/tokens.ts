import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Sql } from './connection.ts';

export interface Token {
  readonly id: string;
  readonly role: 'administrator';
}

const Row = z.object({ id: z.string(), sha256: z.string(), role: z.enum(['administrator']) });

/** The token whose text this is, unless it was revoked. Only the digest is stored, and looked up. */
export async function findToken(sql: Sql, text: string): Promise<Token | undefined> {
  const digest = createHash('sha256').update(text).digest('hex');
  const [row] = await sql.rows(
    Row,
    'SELECT id, sha256, role FROM token WHERE sha256 = ? AND revoked_at IS NULL',
    [digest],
  );
  if (row === undefined || !timingSafeEqual(Buffer.from(row.sha256), Buffer.from(digest))) return undefined;
  return { id: row.id, role: row.role };
}
