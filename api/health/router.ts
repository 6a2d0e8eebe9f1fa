import { Router } from 'express';
import { refuseQuery } from '../paging.ts';
import { addRoute } from '../routes.ts';
import { readiness } from './checks.ts';
import type { Checks } from './checks.ts';

/** For whoever watches the agent; asks for no token and tells no more than what is away. */
export function createHealthRouter(checks: Checks): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/health/live', {
    get: (req, res) => {
      refuseQuery(req);
      res.json({ status: 'ok' });
    },
  });
  addRoute(router, '/health/ready', {
    get: async (req, res) => {
      refuseQuery(req);
      const ready = await readiness(checks);
      res.status(ready.status === 'ready' ? 200 : 503).json(ready);
    },
  });
  return router;
}
