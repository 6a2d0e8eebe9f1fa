import { Router } from 'express';
import { CreateCache, UpdateCache } from '../../contract/site-parts.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { parseDomainAddress } from '../domains/find.ts';
import { refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { CacheService } from './service.ts';

/** A site has one or none, so it is found without an id. */
export function createCacheRouter(caches: CacheService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/domains/:domain/cache', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await caches.read(callerOf(res).tenant, parseDomainAddress(req.params['domain'])));
    },
    post: async (req, res) => {
      refuseQuery(req);
      const wanted = parseInput(CreateCache, bodyOf(req) ?? {});
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await caches.create(writeContext(req, res), domain, wanted));
    },
    patch: async (req, res) => {
      refuseQuery(req);
      const wanted = parseInput(UpdateCache, requireBody(bodyOf(req)));
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await caches.update(writeContext(req, res), domain, wanted));
    },
    delete: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await caches.remove(writeContext(req, res), domain));
    },
  });
  addRoute(router, '/domains/:domain/cache/rotate-password', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await caches.rotate(writeContext(req, res), domain));
    },
  });
  return router;
}
