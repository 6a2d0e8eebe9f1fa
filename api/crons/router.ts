import { Router } from 'express';
import { CronSpec } from '../../contract/crons.ts';
import type { Domain } from '../../contract/domains.ts';
import { CreateCron, UpdateCron } from '../../contract/site-parts.ts';
import { bodyOf } from '../body.ts';
import { parseDomainAddress } from '../domains/find.ts';
import { refuseQuery } from '../paging.ts';
import { ProblemError } from '../problems.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { parsePartAddress } from '../site-parts/address.ts';
import { listParts, readPart, removePart } from '../site-parts/handlers.ts';
import type { PartService } from '../site-parts/service.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';

export function createCronRouter(crons: PartService<'cron'>): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/domains/:domain/crons', {
    get: listParts(crons),
    post: async (req, res) => {
      refuseQuery(req);
      const { name, ...spec } = parseInput(CreateCron, requireBody(bodyOf(req)));
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await crons.create(writeContext(req, res), domain, { name, spec }));
    },
  });
  addRoute(router, '/domains/:domain/crons/:cron', {
    get: readPart(crons, 'cron'),
    patch: async (req, res) => {
      refuseQuery(req);
      const wanted = parseInput(UpdateCron, requireBody(bodyOf(req)));
      const change = (spec: CronSpec): CronSpec => CronSpec.parse({ ...spec, ...wanted });
      const address = parsePartAddress(req, 'cron');
      sendAccepted(res, await crons.update(writeContext(req, res), address, { kind: 'cron.update', change }));
    },
    delete: removePart(crons, 'cron'),
  });
  addRoute(router, '/domains/:domain/crons/:cron/run', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      const address = parsePartAddress(req, 'cron');
      sendAccepted(
        res,
        await crons.update(writeContext(req, res), address, { kind: 'cron.run', change: asItIs }),
      );
    },
  });
  return router;
}

function asItIs(spec: CronSpec, { name, enabled }: Domain): CronSpec {
  if (!enabled)
    throw new ProblemError(
      'conflict',
      `${name} is switched off, and runs nothing. Enable it, then ask again.`,
    );
  return spec;
}
