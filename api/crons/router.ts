import { Router } from 'express';
import { CreateCron, UpdateCron } from '../../contract/site-parts.ts';
import { bodyOf } from '../body.ts';
import { parseDomainAddress } from '../domains/find.ts';
import { refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { parsePartAddress } from '../site-parts/address.ts';
import { listParts, readPart, removePart } from '../site-parts/handlers.ts';
import type { PartService } from '../site-parts/service.ts';
import { parseInput, requireBody } from '../validation.ts';
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
      const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
      const update = {
        kind: 'cron.update',
        change: (spec) => ({ ...spec, ...Object.fromEntries(given) }),
      } as const satisfies Parameters<typeof crons.update>[2];
      sendAccepted(res, await crons.update(writeContext(req, res), parsePartAddress(req, 'cron'), update));
    },
    delete: removePart(crons, 'cron'),
  });
  return router;
}
