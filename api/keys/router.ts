import { Router } from 'express';
import { CreateKey } from '../../contract/site-parts.ts';
import { bodyOf } from '../body.ts';
import { parseDomainAddress } from '../domains/find.ts';
import { refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { listParts, readPart, removePart } from '../site-parts/handlers.ts';
import type { PartService } from '../site-parts/service.ts';
import { parseInput, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';

export function createKeyRouter(keys: PartService<'key'>): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/domains/:domain/keys', {
    get: listParts(keys),
    post: async (req, res) => {
      refuseQuery(req);
      const { name, ...spec } = parseInput(CreateKey, requireBody(bodyOf(req)));
      const domain = parseDomainAddress(req.params['domain']);
      sendAccepted(res, await keys.create(writeContext(req, res), domain, { name, spec }));
    },
  });
  addRoute(router, '/domains/:domain/keys/:key', {
    get: readPart(keys, 'key'),
    delete: removePart(keys, 'key'),
  });
  return router;
}
