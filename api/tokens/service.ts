import { randomBytes } from 'node:crypto';
import type { TokenId } from '../../contract/ids.ts';
import type { CreateToken, Token } from '../../contract/tokens.ts';
import { createSecret } from '../../runtime/secret.ts';
import type { Secret } from '../../runtime/secret.ts';
import type { Sql, State } from '../../state/connection.ts';
import { findTenant } from '../../state/tenants.ts';
import { insertRevocation, insertToken } from '../../state/token-rows.ts';
import { findToken, listTokens } from '../../state/tokens.ts';
import type { TokenFilter, TokenRecord, TokenView } from '../../state/tokens.ts';
import { viewOf } from '../caller.ts';
import type { Caller } from '../caller.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';
import { invalidInput, notFound, ProblemError } from '../problems.ts';
import type { WriteContext } from '../write-context.ts';
import { writeOnce } from '../write-once.ts';
import type { OnceAnswer } from '../write-once.ts';
import { admit } from '../tenants/admission.ts';
import { narrowed } from './no-wider.ts';

/** What can be asked for about tokens. All throw ProblemErrors. */
export interface TokenService {
  readonly list: (caller: Caller, filter: TokenFilter) => Promise<Page<Token>>;
  readonly read: (caller: Caller, id: TokenId) => Promise<Token>;
  /** The answer holds the token's text, this once. */
  readonly create: (context: WriteContext, wanted: CreateToken) => Promise<OnceAnswer>;
  /** A token ends itself and what came of it; an administrator's ends any. */
  readonly revoke: (context: WriteContext, id: TokenId) => Promise<OnceAnswer>;
}

export function createTokenService(state: State): TokenService {
  return {
    list: async (caller, { after, limit }) => {
      const found = await listTokens(state, viewOf(caller), { after, limit: limit + 1 });
      const { items, next } = toPage(found, limit, ({ id }) => id);
      return { items: items.flatMap(({ token }) => token ?? []), next };
    },
    read: async (caller, id) => (await find(state, viewOf(caller), id)).token,
    create: (context, wanted) =>
      writeOnce(state, { context, action: 'token.create' }, async (sql) => {
        const { caller } = context;
        const maker = await find(sql, 'all', caller.tokenId);
        const made = narrowed({ tenant: caller.tenant, ...wanted }, maker);
        if ((await findTenant(sql, made.tenant)) === undefined) throw invalidInput([NO_TENANT]);
        const stillFits = await admit(sql, { role: caller.role, tenant: made.tenant }, 'token.create');
        const text = newText();
        const id = await insertToken(sql, made, text.reveal());
        await stillFits();
        const { token } = await find(sql, 'all', id);
        const once = { shown: { secret: text.reveal() }, kept: { secret: null, note: NOTE } };
        return { operationId: null, resource: id, body: { token }, once };
      }),
    revoke: (context, id) =>
      writeOnce(state, { context, action: 'token.revoke' }, async (sql) => {
        const { caller } = context;
        const { line } = await find(sql, viewOf(caller), id);
        if (caller.role !== 'administrator' && !line.includes(caller.tokenId)) throw NOT_ITS_OWN;
        await insertRevocation(sql, id, caller.tokenId);
        const { token } = await find(sql, 'all', id);
        return { operationId: null, resource: id, body: { token } };
      }),
  };
}

async function find(sql: Sql, view: TokenView, id: TokenId): Promise<TokenRecord> {
  const record = await findToken(sql, view, id);
  if (record === undefined) throw notFound('token with this id');
  return record;
}

/** 256 bits, in a form that is known again in a log or an address. */
function newText(): Secret {
  return createSecret(`sculptor_${randomBytes(32).toString('base64url')}`);
}

const NOTE =
  'The token was shown once, in the first answer to this Idempotency-Key. Revoke it and make another.';

const NO_TENANT = { field: 'tenant', message: 'There is no such tenant.', expected: 'the id of a tenant' };

const NOT_ITS_OWN = new ProblemError('forbidden', 'A token can end itself and those that it has made.');
