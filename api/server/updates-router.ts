import { Router } from 'express';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { refuseBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { UpdatesService } from './updates-service.ts';

export function createUpdatesRouter(updates: UpdatesService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/server/updates', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await updates.read(callerOf(res)));
    },
  });
  addRoute(router, '/server/updates/install', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      sendAccepted(res, await updates.install(writeContext(req, res)));
    },
  });
  return router;
}
