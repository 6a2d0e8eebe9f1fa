import { Router } from 'express';
import { z } from 'zod';
import { CreateKey, PartName } from '../../contract/site-parts.ts';
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

export function createKeyRouter(keys: PartService<'key'>): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/domains/:domain/keys', {
    get: async (req, res) => {
      const { limit, cursor } = parseQuery(ListQuery, req);
      const domain = parseDomainAddress(req.params['domain']);
      res.json(await keys.list(callerOf(res).tenant, domain, { limit, after: cursor }));
    },
    post: async (req, res) => {
      refuseQuery(req);
      const { name, ...spec } = parseInput(CreateKey, requireBody(bodyOf(req)));
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await keys.create(writeContext(req, res), domain, { name, spec }));
    },
  });
  addRoute(router, '/domains/:domain/keys/:key', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await keys.read(callerOf(res).tenant, parsePartAddress(req, 'key')));
    },
    delete: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      sendAccepted(res, await keys.remove(writeContext(req, res), parsePartAddress(req, 'key')));
    },
  });
  return router;
}
