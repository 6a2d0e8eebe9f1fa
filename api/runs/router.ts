import { Router } from 'express';
import { PartId } from '../../contract/ids.ts';
import { RunSpec } from '../../contract/runs.ts';
import { bodyOf } from '../body.ts';
import { parseDomainAddress } from '../domains/find.ts';
import { refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { parsePartAddress } from '../site-parts/address.ts';
import { listParts, readPart } from '../site-parts/handlers.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { RunService } from './service.ts';

export function createRunRouter(runs: RunService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/domains/:domain/runs', {
    get: listParts(runs, PartId),
    post: async (req, res) => {
      refuseQuery(req);
      const spec = parseInput(RunSpec, requireBody(bodyOf(req)));
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await runs.create(writeContext(req, res), domain, { spec }));
    },
  });
  addRoute(router, '/domains/:domain/runs/:run', {
    get: readPart(runs, 'run'),
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
