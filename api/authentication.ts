import type { Request, RequestHandler } from 'express';
import type { Token } from '../contract/tokens.ts';
import { holdAddress } from '../runtime/address-ranges.ts';
import type { Logger } from '../runtime/logger.ts';
import { tenantOf } from './acting.ts';
import type { IsTenant } from './acting.ts';
import { addressOf, networkAddressOf, setCaller, setName } from './caller.ts';
import { ProblemError } from './problems.ts';
import type { RateLimits } from './rate-limits/limits.ts';
import type { NoteUse } from './tokens/last-use.ts';

/** Finds the token whose text this is, in whatever state it is. */
export type FindToken = (text: string) => Promise<Token | undefined>;

export interface AuthenticationParts {
  readonly findToken: FindToken;
  readonly isTenant: IsTenant;
  readonly noteUse: NoteUse;
  readonly limits: RateLimits;
  readonly logger: Logger;
}

/** Only the Authorization header is looked at: what stands in an address ends up in logs and histories. */
export function authenticate(parts: AuthenticationParts): RequestHandler {
  const { findToken, isTenant, noteUse, limits, logger } = parts;
  return async (req, res, next) => {
    const address = addressOf(req);
    const text = bearer(req);
    const token = text === undefined ? undefined : await findToken(text);
    const sent = text === undefined ? 'none' : whatWasSent(token, address);
    if (token === undefined || sent !== 'good') {
      logger.warn({ address, sent }, 'refused a login');
      setName(res, { tokenId: token?.id, why: `token: ${sent}` });
      await limits.failedLogin(address);
      // The same words for all: which of the reasons it was stands in the log and the audit alone.
      throw new ProblemError('unauthenticated', 'Send Authorization: Bearer and a token that is valid.', {
        headers: { 'WWW-Authenticate': 'Bearer realm="sculptor"' },
      });
    }
    const { id, role, scopes } = token;
    setName(res, { tokenId: id });
    await limits.token(id);
    setCaller(res, { tokenId: id, role, scopes, address, ...(await tenantOf(req, token, isTenant)) });
    noteUse(id, address);
    next();
  };
}

type Sent = 'good' | 'unknown' | 'revoked' | 'ended' | 'from elsewhere';

function whatWasSent(token: Token | undefined, address: string): Sent {
  if (token === undefined) return 'unknown';
  if (token.status !== 'active') return token.status;
  const { addresses } = token;
  const bound = addresses.length > 0;
  return bound && !holdAddress(addresses, networkAddressOf(address)) ? 'from elsewhere' : 'good';
}

function bearer(req: Request): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,200})$/i.exec(req.headers.authorization ?? '')?.[1];
}
