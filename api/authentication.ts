import type { Request, RequestHandler } from 'express';
import type { TenantId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import { addressOf, setCaller } from './caller.ts';
import { ProblemError } from './problems.ts';

/** Finds the token whose text this is; undefined when there is none or it was revoked. */
export type FindToken = (
  text: string,
) => Promise<{ readonly id: string; readonly role: 'administrator' } | undefined>;

export interface AuthenticationParts {
  readonly findToken: FindToken;
  readonly logger: Logger;
  readonly tenant: TenantId;
}

/** Only the Authorization header is looked at: what stands in an address ends up in logs and histories. */
export function authenticate({ findToken, logger, tenant }: AuthenticationParts): RequestHandler {
  return async (req, res, next) => {
    const address = addressOf(req);
    const text = bearer(req);
    const token = text === undefined ? undefined : await findToken(text);
    if (token === undefined) {
      logger.warn({ address, sent: text === undefined ? 'none' : 'unknown' }, 'refused a login');
      throw new ProblemError('unauthenticated', 'Send Authorization: Bearer and a token that is valid.', {
        headers: { 'WWW-Authenticate': 'Bearer realm="sculptor"' },
      });
    }
    setCaller(res, { tokenId: token.id, role: token.role, tenant, address });
    next();
  };
}

function bearer(req: Request): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,200})$/i.exec(req.headers.authorization ?? '')?.[1];
}
