import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { TenantId, TokenId } from '../contract/ids.ts';
import { AddressRange, MOST_DAYS, MOST_MAKERS, Role, Scope } from '../contract/tokens.ts';
import type { Token } from '../contract/tokens.ts';
import type { Sql } from './connection.ts';
import { bit, instant, json } from './row-values.ts';

const Row = z.object({
  id: TokenId,
  sha256: z.string(),
  name: z.string(),
  role: Role,
  tenant: TenantId,
  scopes: json(z.array(Scope)),
  addresses: json(z.array(AddressRange)),
  madeBy: TokenId.nullable(),
  endsAt: instant.nullable(),
  ended: bit,
  revoked: bit,
  makers: z.coerce.number(),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
});

/**
 * A token with what the line of its makers leaves of it: it is revoked with each of them, ends with the first, and
 * is worth nothing unless the line begins with an administrator's, which only root makes. All of it is computed
 * from the rows, because whoever has the API's account inserts what rows it likes: a check can be switched off.
 */
function query(which: string): string {
  return `WITH RECURSIVE line AS (
      SELECT t.id AS leaf, t.id, t.role, t.made_by, t.expires_at, t.created_at, 0 AS makers FROM token t WHERE ${which}
      UNION ALL
      SELECT l.leaf, m.id, m.role, m.made_by, m.expires_at, m.created_at, l.makers + 1
        FROM line l JOIN token m ON m.id = l.made_by WHERE l.makers < ${MOST_MAKERS} AND l.role <> 'administrator'
    ), standing AS (
      SELECT l.leaf, MAX(r.token_id IS NOT NULL) AS revoked, MAX(l.makers) AS makers,
          MAX(l.role = 'administrator') AS rooted,
          MIN(IF(l.role = 'administrator', l.expires_at, LEAST(COALESCE(l.expires_at, l.created_at),
            l.created_at + INTERVAL ${MOST_DAYS} DAY))) AS ends_at
        FROM line l LEFT JOIN token_revocation r ON r.token_id = l.id GROUP BY l.leaf
    )
    SELECT t.id, t.sha256, t.name, t.role, t.tenant, t.scopes, t.addresses, t.made_by AS madeBy,
      t.created_at AS createdAt, s.ends_at AS endsAt, s.revoked, s.makers,
      (NOT s.rooted OR (s.ends_at IS NOT NULL AND s.ends_at <= UTC_TIMESTAMP(3))) AS ended,
      (SELECT MAX(u.used_at) FROM token_use u WHERE u.token_id = t.id) AS lastUsedAt
    FROM standing s JOIN token t ON t.id = s.leaf ORDER BY t.id`;
}

/** A row that nobody of ours can have written is no token, and hides no other. */
const Readable = Row.nullable().catch(null);

/** The token whose text this is, in whatever state it is. Only the digest is stored, and looked up. */
export async function findTokenByText(sql: Sql, text: string): Promise<Token | undefined> {
  const digest = digestOf(text);
  const [row] = await sql.rows(Readable, query('t.sha256 = ?'), [digest]);
  if (!row || !timingSafeEqual(Buffer.from(row.sha256), Buffer.from(digest))) return undefined;
  return toToken(row);
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function toToken(row: z.infer<typeof Row>): Token {
  const { id, name, role, tenant, addresses, madeBy, createdAt, lastUsedAt } = row;
  const scopes = role === 'administrator' ? [...Scope.options] : row.scopes;
  const status = row.revoked ? 'revoked' : row.ended ? 'ended' : 'active';
  return {
    ...{ id, name, role, tenant, scopes, addresses, expiresAt: row.endsAt, madeBy, status },
    ...{ createdAt, lastUsedAt },
  };
}
