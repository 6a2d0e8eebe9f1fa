import type { Request, RequestHandler, Response } from 'express';
import type { AuditLine } from '../state/audit.ts';
import { NOBODY } from './audit-notes.ts';
import type { NoteRequest } from './audit-notes.ts';
import { addressOf, callerIfKnown, nameIfKnown } from './caller.ts';
import { loggedPath } from './logged-path.ts';
import { problemOf, whenRefused } from './problem-handler.ts';

/** Notes each request when it is over; a write that was accepted is in its own transaction. */
export function auditRequests(note: NoteRequest): RequestHandler {
  return (req, res, next) => {
    const line = { address: addressOf(req), action: req.method, resource: loggedPath(req) };
    const noteIt = () => {
      const outcome = outcomeOf(req, res);
      if (outcome === undefined) return;
      const caller = callerIfKnown(res);
      const actor = caller?.tokenId ?? nameIfKnown(res)?.tokenId ?? NOBODY;
      // An administrator that acts for a tenant has not its share.
      const tenant = caller?.role === 'tenant' ? caller.tenant : undefined;
      note({ ...line, actor, outcome, detail: nameIfKnown(res)?.why ?? '' }, tenant);
    };
    res.on('close', () => {
      noteIt();
      // Who hangs up before the answer is refused all the same, and later.
      if (!res.writableEnded) whenRefused(res, noteIt);
    });
    next();
  };
}

function outcomeOf(req: Request, res: Response): AuditLine['outcome'] | undefined {
  const problem = problemOf(res);
  if (problem !== undefined) return `refused:${problem}`;
  if (res.hasHeader('Idempotent-Replayed')) return 'replayed';
  if (req.method !== 'GET' && req.method !== 'HEAD') return undefined;
  // Asked every few seconds by whoever watches, without a token: nothing of the state is in it.
  return /^\/v1\/health(?:\/|$)/.test(loggedPath(req)) ? undefined : 'answered';
}
