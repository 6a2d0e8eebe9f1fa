import { Router } from 'express';
import { z } from 'zod';
import { DomainId } from '../../contract/ids.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { parseDomainAddress } from '../domains/find.ts';
import { pageQuery, parseQuery, refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import { parseCertificate } from './input.ts';
import type { CertificateService } from './service.ts';

const ListQuery = z.strictObject(pageQuery(DomainId));

/** A site has one or none, so it is found without an id. */
export function createCertificateRouter(certificates: CertificateService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/certificates', {
    get: async (req, res) => {
      const { limit, cursor } = parseQuery(ListQuery, req);
      res.json(await certificates.list(callerOf(res).tenant, { limit, after: cursor }));
    },
  });
  addRoute(router, '/domains/:domain/certificate', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await certificates.read(callerOf(res).tenant, parseDomainAddress(req.params['domain'])));
    },
    put: async (req, res) => {
      refuseQuery(req);
      const wanted = parseCertificate(requireBody(bodyOf(req)));
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await certificates.put(writeContext(req, res), domain, wanted));
    },
    delete: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await certificates.remove(writeContext(req, res), domain));
    },
  });
  addRoute(router, '/domains/:domain/certificate/renew', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await certificates.renew(writeContext(req, res), domain));
    },
  });
  return router;
}
