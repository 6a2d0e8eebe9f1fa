import { Router } from 'express';
import { z } from 'zod';
import { DomainId, OperationId } from '../../contract/ids.ts';
import { OperationStatus } from '../../contract/operations.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { pageQuery, parseQuery, refuseQuery } from '../paging.ts';
import { notFound } from '../problems.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { refuseBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { Follow } from './follow.ts';
import type { OperationService } from './service.ts';

const position = z.string().regex(/^[1-9][0-9]{0,15}$/);
const ListQuery = z.strictObject({
  ...pageQuery(position),
  // Ids of all kinds of resources have the same form.
  resource: DomainId.optional(),
  status: OperationStatus.optional(),
});

export function createOperationRouter(operations: OperationService, follow: Follow): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/operations', {
    get: async (req, res) => {
      const { cursor, ...filter } = parseQuery(ListQuery, req);
      const before = cursor === undefined ? undefined : Number(cursor);
      res.json(await operations.list(callerOf(res).tenant, { ...filter, before }));
    },
  });
  addRoute(router, '/operations/:operation', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await operations.show(callerOf(res), parseId(req.params['operation'])));
    },
  });
  addRoute(router, '/operations/:operation/cancel', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      sendAccepted(res, await operations.cancel(writeContext(req, res), parseId(req.params['operation'])));
    },
  });
  addRoute(router, '/operations/:operation/events', {
    get: async (req, res) => {
      refuseQuery(req);
      const id = parseId(req.params['operation']);
      const caller = callerOf(res);
      await follow(res, { id, caller, read: () => operations.read(caller.tenant, id) });
    },
  });
  return router;
}

function parseId(text: unknown): OperationId {
  const id = OperationId.safeParse(text);
  if (!id.success) throw notFound('operation with this id');
  return id.data;
}
