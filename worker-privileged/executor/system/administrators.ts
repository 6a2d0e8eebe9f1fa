import { createHash, randomBytes, randomInt } from 'node:crypto';
import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import { TokenId } from '../../../contract/ids.ts';
import type { TokenName } from '../../../contract/tokens.ts';
import { sqlText } from '../render/sql.ts';
import type { RootSql } from './root-sql.ts';

/** A token of the role `administrator`, which the API's account cannot insert. Never its text, nor its digest. */
export const Administrator = z.strictObject({
  id: TokenId,
  name: z.string(),
  createdAt: z.iso.datetime(),
  /** In steps of ten minutes. */
  lastUsedAt: z.iso.datetime().nullable(),
  revoked: z.int().transform((value) => value === 1),
});
export type Administrator = z.infer<typeof Administrator>;

export type Administrators = {
  /** The text is answered once, and nowhere kept. */
  readonly create: (name: TokenName) => Promise<{ readonly id: TokenId; readonly text: string }>;
  /** The oldest first; those that were revoked too. */
  readonly list: () => Promise<readonly Administrator[]>;
  /** From then on it is refused, with all that it has made. Throws `not_found`. */
  readonly revoke: (id: TokenId) => Promise<Administrator>;
};

export function createAdministrators(sql: RootSql): Administrators {
  const list = async () => {
    const lines = (await sql(LIST)).split('\n').filter((line) => line !== '');
    return lines.map((line) => Administrator.parse(JSON.parse(line)));
  };
  return {
    list,
    create: async (name) => {
      const id = newId();
      const text = `sculptor_${randomBytes(32).toString('base64url')}`;
      const sha256 = createHash('sha256').update(text).digest('hex');
      const values = [id, sha256, 'administrator', name].map(sqlText).join(', ');
      await sql(`INSERT INTO sculptor.token (id, sha256, role, name) VALUES (${values});`);
      return { id, text };
    },
    revoke: async (id) => {
      const found = (await list()).find((each) => each.id === id);
      if (found === undefined) throw unknown();
      await sql(
        `INSERT IGNORE INTO sculptor.token_revocation (token_id, actor) VALUES (${sqlText(id)}, 'root');`,
      );
      return found;
    },
  };
}

const LIST = `SELECT JSON_OBJECT('id', t.id, 'name', t.name,
    'createdAt', DATE_FORMAT(t.created_at, '%Y-%m-%dT%H:%i:%sZ'),
    'lastUsedAt', (SELECT DATE_FORMAT(MAX(u.used_at), '%Y-%m-%dT%H:%i:%sZ') FROM sculptor.token_use u
      WHERE u.token_id = t.id),
    'revoked', EXISTS (SELECT 1 FROM sculptor.token_revocation r WHERE r.token_id = t.id) + 0)
  FROM sculptor.token t WHERE t.role = 'administrator' ORDER BY t.created_at, t.id;`;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const CHARACTERS = `${LETTERS}0123456789`;

/** As all ids: a letter first. */
function newId(): TokenId {
  let id = LETTERS.charAt(randomInt(LETTERS.length));
  while (id.length < 12) id += CHARACTERS.charAt(randomInt(CHARACTERS.length));
  return TokenId.parse(id);
}

function unknown(): FailureError {
  return new FailureError(
    'not_found',
    'There is no such token of an administrator.',
    'sculptorctl administrator list shows all; any other token: sculptorctl token revoke ID',
  );
}
