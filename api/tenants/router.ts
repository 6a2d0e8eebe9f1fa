import { Router } from 'express';
import type { Request } from 'express';
import { z } from 'zod';
import { TenantId } from '../../contract/ids.ts';
import { CreateTenant, SuspendTenant, UpdateTenant } from '../../contract/tenants.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { pageQuery, parseQuery, refuseQuery } from '../paging.ts';
import { notFound } from '../problems.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { TenantService } from './service.ts';

const ListQuery = z.strictObject(pageQuery(TenantId));

export function createTenantRouter(tenants: TenantService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/tenants', {
    get: async (req, res) => {
      const { limit, cursor } = parseQuery(ListQuery, req);
      res.json(await tenants.list(callerOf(res), { limit, after: cursor }));
    },
    post: async (req, res) => {
      refuseQuery(req);
      const wanted = parseInput(CreateTenant, requireBody(bodyOf(req)));
      sendAccepted(res, await tenants.create(writeContext(req, res), wanted));
    },
  });
  addRoute(router, '/tenants/:tenant', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await tenants.read(callerOf(res), tenantAt(req)));
    },
    patch: async (req, res) => {
      refuseQuery(req);
      const change = parseInput(UpdateTenant, requireBody(bodyOf(req)));
      sendAccepted(res, await tenants.update(writeContext(req, res), tenantAt(req), change));
    },
    delete: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      sendAccepted(res, await tenants.remove(writeContext(req, res), tenantAt(req)));
    },
  });
  addStanding(router, tenants);
  return router;
}

function addStanding(router: Router, tenants: TenantService): void {
  addRoute(router, '/tenants/:tenant/suspend', {
    post: async (req, res) => {
      refuseQuery(req);
      const { reason } = parseInput(SuspendTenant, requireBody(bodyOf(req)));
      sendAccepted(res, await tenants.suspend(writeContext(req, res), tenantAt(req), reason));
    },
  });
  addRoute(router, '/tenants/:tenant/resume', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      sendAccepted(res, await tenants.resume(writeContext(req, res), tenantAt(req)));
    },
  });
  addRoute(router, '/tenants/:tenant/restore', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      sendAccepted(res, await tenants.restore(writeContext(req, res), tenantAt(req)));
    },
  });
  addRoute(router, '/tenants/:tenant/usage', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await tenants.usage(callerOf(res), tenantAt(req)));
    },
  });
}

/** What is no id leads nowhere. */
function tenantAt({ params }: Request): TenantId {
  const id = TenantId.safeParse(params['tenant']);
  if (!id.success) throw notFound('tenant with this id');
  return id.data;
}
