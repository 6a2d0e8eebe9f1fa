import { Router } from 'express';
import { z } from 'zod';
import { PartId } from '../../contract/ids.ts';
import { RunSpec } from '../../contract/runs.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { parseDomainAddress } from '../domains/find.ts';
import { pageQuery, parseQuery, refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { parsePartAddress } from '../site-parts/address.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { RunService } from './service.ts';

const ListQuery = z.strictObject(pageQuery(PartId));

export function createRunRouter(runs: RunService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/domains/:domain/runs', {
    get: async (req, res) => {
      const { limit, cursor } = parseQuery(ListQuery, req);
      const domain = parseDomainAddress(req.params['domain']);
      res.json(await runs.list(callerOf(res).tenant, domain, { limit, after: cursor }));
    },
    post: async (req, res) => {
      refuseQuery(req);
      const spec = parseInput(RunSpec, requireBody(bodyOf(req)));
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await runs.create(writeContext(req, res), domain, { spec }));
    },
  });
  addRoute(router, '/domains/:domain/runs/:run', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await runs.read(callerOf(res).tenant, parsePartAddress(req, 'run')));
    },
  });
  addRoute(router, '/domains/:domain/runs/:run/stop', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      sendAccepted(res, await runs.stop(writeContext(req, res), parsePartAddress(req, 'run')));
    },
  });
  return router;
}
