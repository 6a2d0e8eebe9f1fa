import type { Request, RequestHandler } from 'express';
import { Router } from 'express';
import { z } from 'zod';
import { DomainId, TenantId } from '../../contract/ids.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { parseDatabaseAddress } from '../databases/router.ts';
import { parseDomainAddress } from '../domains/find.ts';
import { pageQuery, parseQuery, refuseQuery } from '../paging.ts';
import { notFound } from '../problems.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { refuseBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { DriftService, DriftTarget } from './service.ts';

// Ids of all kinds of resources have the same form.
const ListQuery = z.strictObject(pageQuery(DomainId));

type TargetOf = (req: Request) => DriftTarget;

export function createDriftRouter(drift: DriftService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/drift', {
    get: async (req, res) => {
      const { limit, cursor } = parseQuery(ListQuery, req);
      res.json(await drift.list({ limit, after: cursor }));
    },
  });
  const read =
    (of: TargetOf): RequestHandler =>
    async (req, res) => {
      refuseQuery(req);
      res.json(await drift.read(callerOf(res), of(req)));
    };
  const begin =
    (of: TargetOf, what: 'drift' | 'repair'): RequestHandler =>
    async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      sendAccepted(res, await drift.begin(writeContext(req, res), of(req), what));
    };
  addRoute(router, '/domains/:domain/drift', { get: read(domainAt), post: begin(domainAt, 'drift') });
  addRoute(router, '/domains/:domain/drift/repair', { post: begin(domainAt, 'repair') });
  addRoute(router, '/databases/:database/drift', { get: read(databaseAt), post: begin(databaseAt, 'drift') });
  addRoute(router, '/databases/:database/drift/repair', { post: begin(databaseAt, 'repair') });
  addRoute(router, '/tenants/:tenant/drift', { get: read(tenantAt), post: begin(tenantAt, 'drift') });
  addRoute(router, '/tenants/:tenant/drift/repair', { post: begin(tenantAt, 'repair') });
  return router;
}

function domainAt({ params }: Request): DriftTarget {
  return { type: 'domain', address: parseDomainAddress(params['domain']) };
}

function databaseAt({ params }: Request): DriftTarget {
  return { type: 'database', address: parseDatabaseAddress(params['database']) };
}

function tenantAt({ params }: Request): DriftTarget {
  const id = TenantId.safeParse(params['tenant']);
  if (!id.success) throw notFound('tenant with this id');
  return { type: 'tenant', address: id.data };
}
