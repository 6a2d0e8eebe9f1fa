import { Router } from 'express';
import { z } from 'zod';
import { DomainId } from '../../contract/ids.ts';
import { callerOf } from '../caller.ts';
import { pageQuery, parseQuery } from '../paging.ts';
import { addRoute } from '../routes.ts';
import type { TrashService } from './service.ts';

// Ids of all kinds of resources have the same form.
const ListQuery = z.strictObject(pageQuery(DomainId));

export function createTrashRouter(trash: TrashService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/trash', {
    get: async (req, res) => {
      const { limit, cursor } = parseQuery(ListQuery, req);
      res.json(await trash.list(callerOf(res).tenant, { limit, after: cursor }));
    },
  });
  return router;
}
