import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from '../runtime/logger.ts';
import { addressOf, callerIfKnown } from './caller.ts';
import { loggedPath } from './logged-path.ts';

/** One line for each answer, without the query, the headers and the body: nothing in it is a secret. */
export function logRequests(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const began = performance.now();
    const requestId = randomUUID();
    res.set('X-Request-Id', requestId);
    const facts = { requestId, method: req.method, path: loggedPath(req), address: addressOf(req) };
    res.on('close', () => {
      logger.info(
        {
          ...facts,
          status: res.statusCode,
          complete: res.writableFinished,
          actor: callerIfKnown(res)?.tokenId,
          durationMs: Math.round(performance.now() - began),
        },
        'request',
      );
    });
    next();
  };
}
