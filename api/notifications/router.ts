import { Router } from 'express';
import { z } from 'zod';
import { callerOf } from '../caller.ts';
import { pageQuery, parseQuery } from '../paging.ts';
import { addRoute } from '../routes.ts';
import type { NotificationService } from './service.ts';

const position = z.string().regex(/^[1-9][0-9]{0,15}$/);
const ListQuery = z.strictObject(pageQuery(position));

export function createNotificationRouter(notifications: NotificationService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/notifications', {
    get: async (req, res) => {
      const { limit, cursor } = parseQuery(ListQuery, req);
      const before = cursor === undefined ? undefined : Number(cursor);
      res.json(await notifications.list(callerOf(res), { limit, before }));
    },
  });
  return router;
}
