import { Router } from 'express';
import type { Response } from 'express';
import { z } from 'zod';
import { TokenId } from '../../contract/ids.ts';
import { CreateToken } from '../../contract/tokens.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { pageQuery, parseQuery, refuseQuery } from '../paging.ts';
import { notFound } from '../problems.ts';
import { addRoute } from '../routes.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { OnceAnswer } from '../write-once.ts';
import type { TokenService } from './service.ts';

const ListQuery = z.strictObject(pageQuery(TokenId));

export function createTokenRouter(tokens: TokenService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/tokens', {
    get: async (req, res) => {
      const { limit, cursor } = parseQuery(ListQuery, req);
      res.json(await tokens.list(callerOf(res), { limit, after: cursor }));
    },
    post: async (req, res) => {
      refuseQuery(req);
      const wanted = parseInput(CreateToken, requireBody(bodyOf(req)));
      send(res, 201, await tokens.create(writeContext(req, res), wanted));
    },
  });
  addRoute(router, '/tokens/:token', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await tokens.read(callerOf(res), parseId(req.params['token'])));
    },
    delete: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      send(res, 200, await tokens.revoke(writeContext(req, res), parseId(req.params['token'])));
    },
  });
  return router;
}

/** It is done with the answer: there is no operation to wait for. */
function send(res: Response, status: 200 | 201, { body, replayed }: OnceAnswer): void {
  if (replayed) res.set('Idempotent-Replayed', 'true');
  res.status(status).json(body);
}

function parseId(text: unknown): TokenId {
  const id = TokenId.safeParse(text);
  if (!id.success) throw notFound('token with this id');
  return id.data;
}
