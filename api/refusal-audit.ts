import type { RequestHandler } from 'express';
import type { Logger } from '../runtime/logger.ts';
import type { AuditLine } from '../state/audit.ts';
import { callerOf } from './caller.ts';
import { loggedPath } from './logged-path.ts';
import { problemOf } from './problem-handler.ts';

export interface RefusalAuditParts {
  readonly audit: (line: AuditLine) => Promise<void>;
  readonly logger: Logger;
}

/** Writes down which writes were refused, after the answer and as far as it can; accepted ones are in their own transaction. */
export function auditRefusals({ audit, logger }: RefusalAuditParts): RequestHandler {
  return (req, res, next) => {
    if (req.method === 'GET' || req.method === 'HEAD') {
      next();
      return;
    }
    const { tokenId, address } = callerOf(res);
    const resource = loggedPath(req);
    res.on('finish', () => {
      const kind = problemOf(res);
      if (kind === undefined) return;
      const line = {
        actor: tokenId,
        address,
        action: req.method,
        resource,
        outcome: `refused:${kind}`,
      };
      audit(line).catch((error: unknown) => logger.warn({ err: error }, 'a refusal is not in the audit'));
    });
    next();
  };
}
