import { createHash } from 'node:crypto';
import { TokenId } from '../contract/ids.ts';
import type { TenantId } from '../contract/ids.ts';
import type { Token } from '../contract/tokens.ts';
import { isDuplicate } from './connection.ts';
import type { Sql } from './connection.ts';
import { newId } from './new-ids.ts';

export type NewToken = Pick<Token, 'name' | 'tenant' | 'scopes' | 'addresses'> & {
  readonly expiresAt: Date;
  readonly madeBy: TokenId;
};

/** Of the text the digest alone is written. The role is not ours to say: its default is a tenant's. */
export async function insertToken(sql: Sql, wanted: NewToken, text: string): Promise<TokenId> {
  const id = TokenId.parse(newId(12));
  const { name, tenant, scopes, addresses, expiresAt, madeBy } = wanted;
  await sql.run(
    `INSERT INTO token (id, sha256, name, tenant, scopes, addresses, expires_at, made_by)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ...[id, digestOf(text), name, tenant, JSON.stringify(scopes), JSON.stringify(addresses)],
      ...[expiresAt, madeBy],
    ],
  );
  return id;
}

/** Repeating it changes nothing. */
export async function insertRevocation(sql: Sql, id: TokenId, actor: string): Promise<void> {
  try {
    await sql.run('INSERT INTO token_revocation (token_id, actor) VALUES (?, ?)', [id, actor]);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}

/** All tokens of a tenant end, for good. */
export async function revokeTokensOf(sql: Sql, tenant: TenantId, actor: string): Promise<void> {
  await sql.run(
    `INSERT IGNORE INTO token_revocation (token_id, actor)
       SELECT id, ? FROM token WHERE tenant = ? AND role = 'tenant'`,
    [actor, tenant],
  );
}

/** One row for a token and ten minutes, with the first address of them. */
export async function insertUse(sql: Sql, id: TokenId, address: string): Promise<void> {
  await sql.run(
    `INSERT IGNORE INTO token_use (token_id, used_at, address)
       VALUES (?, FROM_UNIXTIME(FLOOR(UNIX_TIMESTAMP() / 600) * 600), ?)`,
    [id, address],
  );
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
