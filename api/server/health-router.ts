import { Router } from 'express';
import { z } from 'zod';
import { callerOf } from '../caller.ts';
import { parseDomainAddress } from '../domains/find.ts';
import { parseQuery, refuseQuery } from '../paging.ts';
import { addRoute } from '../routes.ts';
import type { HealthService } from './health.ts';

const Query = z.strictObject({
  minutes: z
    .string()
    .regex(/^(?:[1-9][0-9]{0,2}|1[0-3][0-9]{2}|14[0-3][0-9]|1440)$/, 'a number of minutes from 1 to 1440')
    .transform(Number)
    .default(15),
});

export function createServerHealthRouter(service: HealthService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/server/health', {
    get: async (req, res) => {
      res.json(await service.health(parseQuery(Query, req).minutes));
    },
  });
  addRoute(router, '/server/alarms', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await service.alarms());
    },
  });
  addRoute(router, '/domains/:domain/checks', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await service.checks(callerOf(res).tenant, parseDomainAddress(req.params['domain'])));
    },
  });
  return router;
}
