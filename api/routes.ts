import type { RequestHandler, Response, Router } from 'express';
import { readBody } from './body.ts';
import { callerOf } from './caller.ts';
import { ProblemError } from './problems.ts';
import { ROUTES } from './route-table.ts';
import type { Method, Needed, Path } from './route-table.ts';
import type { WriteAnswer } from './writer.ts';

/** What the table has for an address, each with its handler. */
export type Handlers<P extends Path> = { readonly [M in keyof (typeof ROUTES)[P]]: RequestHandler };

/** Registers an address with the scopes of the table; a method that is not in it is answered with 405 and the list. */
export function addRoute<P extends Path>(router: Router, path: P, handlers: Handlers<P>): void {
  const route = router.route(path);
  const methods = Object.entries(ROUTES[path]) as [Method & keyof Handlers<P>, Needed][];
  for (const [method, needed] of methods) route[method](...before(needed), handlers[method]);
  const taken = methods.map(([method]) => method.toUpperCase());
  if ('get' in ROUTES[path]) taken.push('HEAD');
  route.all(() => {
    const allowed = taken.join(', ');
    throw new ProblemError('method-not-allowed', `Taken here: ${allowed}.`, { headers: { Allow: allowed } });
  });
}

/** Whether it may be asked at all goes first: of what a token may not do it learns nothing. */
function before(needed: Needed): readonly RequestHandler[] {
  return needed === 'public' ? [] : [requireScopes(needed), ...readBody()];
}

function requireScopes(needed: Exclude<Needed, 'public'>): RequestHandler {
  return (_req, res, next) => {
    const { scopes } = callerOf(res);
    const missing = needed.filter((scope) => !scopes.includes(scope));
    if (missing.length > 0)
      throw new ProblemError('forbidden', `This token lacks the scope ${missing.join(' and ')}.`);
    next();
  };
}

/** 202 with what was asked for and the address where its operation can be watched. */
export function sendAccepted(res: Response, { operationId, body, replayed }: WriteAnswer): void {
  if (replayed) res.set('Idempotent-Replayed', 'true');
  res.status(202).location(`/v1/operations/${operationId}`).json(body);
}
