import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { note, warning, type Check, type Found } from './finding.ts';

const FILE = '/etc/sculptor/admin-token';
const UNUSED_DAYS = 90;
const DAY_MS = 86_400_000;

const Token = z.object({
  id: z.string(),
  name: z.string(),
  sha256: z.string(),
  made: z.string(),
  used: z.string().nullable(),
  ends: z.string().nullable(),
});
type Token = z.infer<typeof Token>;

const ADMINISTRATORS = `SELECT JSON_OBJECT('id', t.id, 'name', t.name, 'sha256', t.sha256,
    'made', DATE_FORMAT(t.created_at, '%Y-%m-%dT%H:%i:%sZ'), 'ends', DATE_FORMAT(t.expires_at, '%Y-%m-%dT%H:%i:%sZ'),
    'used', (SELECT DATE_FORMAT(MAX(u.used_at), '%Y-%m-%dT%H:%i:%sZ') FROM sculptor.token_use u WHERE u.token_id = t.id))
  FROM sculptor.token t WHERE t.role = 'administrator'
    AND NOT EXISTS (SELECT 1 FROM sculptor.token_revocation r WHERE r.token_id = t.id)
    AND (t.expires_at IS NULL OR t.expires_at > UTC_TIMESTAMP()) ORDER BY t.created_at, t.id;`;

/** Who has one may ask for everything: root should know each of them. */
export const tokens: Check = async (server) => {
  const all = (await server.sql(ADMINISTRATORS)).map((line) => Token.parse(JSON.parse(line)));
  return [...all.flatMap((token) => administrator(token, server.now())), ...file(all)];
};

export function administrator(token: Token, now: Date): readonly Found[] {
  const { id, name, made, used, ends } = token;
  const since = now.getTime() - Date.parse(used ?? made);
  const facts = `made ${made}, ${used === null ? 'never used' : `last used ${used}`}`;
  const listed = note(
    `Administrator's token ${id} "${name}": ${facts}${ends === null ? '' : `, ends ${ends}`}.`,
  );
  if (since < UNUSED_DAYS * DAY_MS) return [listed];
  const idle = `Administrator's token ${id} "${name}" was not used for ${Math.floor(since / DAY_MS)} days.`;
  return [listed, warning(idle, `If nobody needs it, run sculptorctl administrator revoke ${id}.`)];
}

/** It may have been taken off the server. */
function file(all: readonly Token[]): readonly Found[] {
  if (!existsSync(FILE)) return [];
  const sha256 = createHash('sha256').update(readFileSync(FILE, 'utf8').trim()).digest('hex');
  if (all.some((token) => token.sha256 === sha256)) return [];
  return [
    warning(
      `The API does not know the token in ${FILE}: it was revoked, or replaced.`,
      'See "The token" in docs/operating.md.',
    ),
  ];
}
