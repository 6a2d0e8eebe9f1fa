import { Router } from 'express';
import { z } from 'zod';
import { CreateCron, PartName, UpdateCron } from '../../contract/site-parts.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { parseDomainAddress } from '../domains/find.ts';
import { pageQuery, parseQuery, refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { parsePartAddress } from '../site-parts/address.ts';
import type { PartService } from '../site-parts/service.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';

const ListQuery = z.strictObject(pageQuery(PartName));

export function createCronRouter(crons: PartService<'cron'>): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/domains/:domain/crons', {
    get: async (req, res) => {
      const { limit, cursor } = parseQuery(ListQuery, req);
      const domain = parseDomainAddress(req.params['domain']);
      res.json(await crons.list(callerOf(res).tenant, domain, { limit, after: cursor }));
    },
    post: async (req, res) => {
      refuseQuery(req);
      const { name, ...spec } = parseInput(CreateCron, requireBody(bodyOf(req)));
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await crons.create(writeContext(req, res), domain, { name, spec }));
    },
  });
  addRoute(router, '/domains/:domain/crons/:cron', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await crons.read(callerOf(res).tenant, parsePartAddress(req, 'cron')));
    },
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
    delete: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      sendAccepted(res, await crons.remove(writeContext(req, res), parsePartAddress(req, 'cron')));
    },
  });
  return router;
}
