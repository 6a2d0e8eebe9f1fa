import { Router } from 'express';
import { z } from 'zod';
import { AuditQuery } from '../../contract/audit.ts';
import { pageQuery, parseQuery } from '../paging.ts';
import { addRoute } from '../routes.ts';
import type { AuditService } from './service.ts';

const position = z.string().regex(/^[1-9][0-9]{0,15}$/);
const ListQuery = z.strictObject({ ...AuditQuery, ...pageQuery(position) });

export function createAuditRouter(audit: AuditService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/audit', {
    get: async (req, res) => {
      const { cursor, ...asked } = parseQuery(ListQuery, req);
      const before = cursor === undefined ? undefined : Number(cursor);
      res.json(await audit.list({ ...asked, before }));
    },
  });
  return router;
}
