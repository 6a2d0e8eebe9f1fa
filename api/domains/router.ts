import { Router } from 'express';
import { z } from 'zod';
import { MoveDomain } from '../../contract/domains.ts';
import { DomainName } from '../../contract/names.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { pageQuery, parseQuery, refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import { parseDomainAddress } from './find.ts';
import { parseCreateDomain, parseUpdateDomain } from './input.ts';
import type { DomainService } from './service.ts';

const ListQuery = z.strictObject({ ...pageQuery(DomainName), name: DomainName.optional() });

/** `serverName` is the server's own, which nobody's domain may be. */
export function createDomainRouter(domains: DomainService, serverName: string): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/domains', {
    get: async (req, res) => {
      const { limit, cursor, name } = parseQuery(ListQuery, req);
      res.json(await domains.list(callerOf(res).tenant, { limit, after: cursor, name }));
    },
    post: async (req, res) => {
      refuseQuery(req);
      const wanted = parseCreateDomain(requireBody(bodyOf(req)), serverName);
      sendAccepted(res, await domains.create(writeContext(req, res), wanted));
    },
  });
  addRoute(router, '/domains/:domain', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await domains.read(callerOf(res).tenant, parseDomainAddress(req.params['domain'])));
    },
    patch: async (req, res) => {
      refuseQuery(req);
      const change = parseUpdateDomain(requireBody(bodyOf(req)), serverName);
      const address = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await domains.update(writeContext(req, res), address, change));
    },
    delete: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      const address = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await domains.remove(writeContext(req, res), address));
    },
  });
  addRoute(router, '/domains/:domain/restore', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      const address = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await domains.restore(writeContext(req, res), address));
    },
  });
  addRoute(router, '/domains/:domain/move', {
    post: async (req, res) => {
      refuseQuery(req);
      const { tenant } = parseInput(MoveDomain, requireBody(bodyOf(req)));
      const address = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await domains.move(writeContext(req, res), address, tenant));
    },
  });
  return router;
}
