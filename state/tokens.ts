import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { TenantId, TokenId } from '../contract/ids.ts';
import {
  ADMINISTRATORS_ALONE,
  AddressRange,
  MOST_DAYS,
  MOST_MAKERS,
  Role,
  Scope,
} from '../contract/tokens.ts';
import type { Token, TokenStatus } from '../contract/tokens.ts';
import type { Sql } from './connection.ts';
import { bit, instant, json } from './row-values.ts';
import { digestOf } from './token-rows.ts';

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
  line: z.string().transform((text) => text.split(',')),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
  lastUsedFrom: z.string().nullable(),
});

/**
 * A token with what the line of its makers leaves of it: it is revoked with each of them, ends with the first, and
 * is worth nothing unless the line begins with an administrator's, which only root makes. All of it is computed
 * from the rows, because whoever has the API's account inserts what rows it likes: a check can be switched off.
 */
function query(some: string): string {
  return `WITH RECURSIVE line AS (
      SELECT t.id AS leaf, t.id, t.role, t.made_by, t.expires_at, t.created_at, 0 AS makers FROM ${some} t
      UNION ALL
      SELECT l.leaf, m.id, m.role, m.made_by, m.expires_at, m.created_at, l.makers + 1
        FROM line l JOIN token m ON m.id = l.made_by WHERE l.makers < ${MOST_MAKERS} AND l.role <> 'administrator'
    ), standing AS (
      SELECT l.leaf, MAX(r.token_id IS NOT NULL) AS revoked, MAX(l.role = 'administrator') AS rooted,
          GROUP_CONCAT(l.id ORDER BY l.makers) AS line,
          MIN(IF(l.role = 'administrator', l.expires_at, LEAST(COALESCE(l.expires_at, l.created_at),
            l.created_at + INTERVAL ${MOST_DAYS} DAY))) AS ends_at
        FROM line l LEFT JOIN token_revocation r ON r.token_id = l.id GROUP BY l.leaf
    )
    SELECT t.id, t.sha256, t.name, t.role, t.tenant, t.scopes, t.addresses, t.made_by AS madeBy,
      t.created_at AS createdAt, s.ends_at AS endsAt, s.revoked, s.line,
      (NOT s.rooted OR (s.ends_at IS NOT NULL AND s.ends_at <= UTC_TIMESTAMP(3))) AS ended,
      u.used_at AS lastUsedAt, u.address AS lastUsedFrom
    FROM standing s JOIN token t ON t.id = s.leaf
    LEFT JOIN token_use u ON u.token_id = t.id
      AND u.used_at = (SELECT MAX(x.used_at) FROM token_use x WHERE x.token_id = t.id)
    ORDER BY t.id`;
}

/** A row that nobody of ours can have written is no token, and hides no other. */
const AnyRow = z.looseObject({ id: z.string() });

/** A token, and the ids of all who made it: its own first, an administrator's last. */
export interface TokenRecord {
  readonly token: Token;
  readonly line: readonly string[];
}

/** The token whose text this is, in whatever state it is. Only the digest is stored, and looked up. */
export async function findTokenByText(sql: Sql, text: string): Promise<Token | undefined> {
  const digest = digestOf(text);
  const rows = await sql.rows(AnyRow, query('(SELECT * FROM token WHERE sha256 = ?)'), [digest]);
  const row = Row.safeParse(rows[0]).data;
  if (row === undefined || !timingSafeEqual(Buffer.from(row.sha256), Buffer.from(digest))) return undefined;
  return toRecord(row).token;
}

/** Whose tokens can be seen: one tenant's, made by its own or by an administrator; or all there are. */
export type TokenView = TenantId | 'all';

export async function findToken(sql: Sql, view: TokenView, id: TokenId): Promise<TokenRecord | undefined> {
  const some = `(SELECT * FROM token WHERE id = ? ${OF_VIEW})`;
  const row = Row.safeParse((await sql.rows(AnyRow, query(some), [id, view, view]))[0]).data;
  return row === undefined ? undefined : toRecord(row);
}

export interface TokenFilter {
  /** The id that the page begins after. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** In the order of ids; without the token where its row cannot be read. */
export async function listTokens(
  sql: Sql,
  view: TokenView,
  { after = '', limit }: TokenFilter,
): Promise<{ readonly id: string; readonly token: Token | undefined }[]> {
  const some = `(SELECT * FROM token WHERE id > ? ${OF_VIEW} ORDER BY id LIMIT ?)`;
  const rows = await sql.rows(AnyRow, query(some), [after, view, view, limit]);
  return rows.map((raw) => {
    const row = Row.safeParse(raw).data;
    return { id: raw.id, token: row && toRecord(row).token };
  });
}

const OF_VIEW = "AND ('all' = ? OR (tenant = ? AND role = 'tenant'))";

function toRecord(row: z.infer<typeof Row>): TokenRecord {
  const { id, name, role, tenant, addresses, madeBy, createdAt, lastUsedAt, lastUsedFrom } = row;
  // The row of a tenant's token is whatever the API's account inserted.
  const scopes =
    role === 'administrator'
      ? [...Scope.options]
      : row.scopes.filter((scope) => !ADMINISTRATORS_ALONE.has(scope));
  const status: TokenStatus = row.revoked ? 'revoked' : row.ended ? 'ended' : 'active';
  const token = {
    ...{ id, name, role, tenant, scopes, addresses, expiresAt: row.endsAt, madeBy, status },
    ...{ createdAt, lastUsedAt, lastUsedFrom },
  };
  return { token, line: row.line };
}
