import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { OperationId } from '../contract/ids.ts';
import type { Sql } from './connection.ts';
import { json } from './row-values.ts';

/** What was answered to a write, without the password that stood in it once. */
export const Answered = z.strictObject({
  operationId: z.string().nullable(),
  body: z.record(z.string(), z.unknown()),
});
export type Answered = z.infer<typeof Answered>;

/** A key belongs to the token it came with; `request` is what it stands for, in one text. */
export interface IdempotencyKey {
  readonly tokenId: string;
  readonly key: string;
  readonly request: string;
}

export type Earlier = { readonly same: true; readonly answered: Answered } | { readonly same: false };

/** The answer that this key was given before; `same` is false where it then stood for another request. */
export async function findAnswer(sql: Sql, wanted: IdempotencyKey): Promise<Earlier | undefined> {
  const [row] = await sql.rows(
    z.object({ request: z.string(), response: json(Answered) }),
    'SELECT request_sha256 AS request, response FROM idempotency WHERE token_id = ? AND key_sha256 = ?',
    [wanted.tokenId, sha256(wanted.key)],
  );
  if (row === undefined) return undefined;
  return row.request === sha256(wanted.request) ? { same: true, answered: row.response } : { same: false };
}

/** Fails as a duplicate when the key was used in the meantime. */
export async function insertAnswer(
  sql: Sql,
  { tokenId, key, request }: IdempotencyKey,
  answered: { readonly operationId: OperationId | null; readonly body: object },
): Promise<void> {
  await sql.run(
    `INSERT INTO idempotency (token_id, key_sha256, request_sha256, operation_id, response)
       VALUES (?, ?, ?, ?, ?)`,
    [tokenId, sha256(key), sha256(request), answered.operationId, JSON.stringify(answered)],
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
