import type { RequestHandler, Response, Router } from 'express';
import { ProblemError } from './problems.ts';
import type { WriteAnswer } from './writer.ts';

export interface Methods {
  readonly get?: RequestHandler;
  readonly post?: RequestHandler;
  readonly patch?: RequestHandler;
  readonly delete?: RequestHandler;
}

/** An address and all that it takes; anything else it answers with 405 and the list. */
export function addRoute(router: Router, path: string, methods: Methods): void {
  const route = router.route(path);
  if (methods.get !== undefined) route.get(methods.get);
  if (methods.post !== undefined) route.post(methods.post);
  if (methods.patch !== undefined) route.patch(methods.patch);
  if (methods.delete !== undefined) route.delete(methods.delete);
  const taken = Object.keys(methods).map((method) => method.toUpperCase());
  if (methods.get !== undefined) taken.push('HEAD');
  route.all(() => {
    const allowed = taken.join(', ');
    throw new ProblemError('method-not-allowed', `Taken here: ${allowed}.`, { headers: { Allow: allowed } });
  });
}

/** 202 with what was asked for and the address where its operation can be watched. */
export function sendAccepted(res: Response, { operationId, body, replayed }: WriteAnswer): void {
  if (replayed) res.set('Idempotent-Replayed', 'true');
  res.status(202).location(`/v1/operations/${operationId}`).json(body);
}
