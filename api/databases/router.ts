import { Router } from 'express';
import { z } from 'zod';
import { CreateDatabase, UpdateDatabase } from '../../contract/databases.ts';
import { DatabaseId } from '../../contract/ids.ts';
import { DatabaseName } from '../../contract/names.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { pageQuery, parseQuery, refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { DatabaseAddress } from './find.ts';
import { refuseRename } from './rename.ts';
import type { DatabaseService } from './service.ts';

const ListQuery = z.strictObject({ ...pageQuery(DatabaseName), name: DatabaseName.optional() });

export function createDatabaseRouter(databases: DatabaseService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/databases', {
    get: async (req, res) => {
      const { limit, cursor, name } = parseQuery(ListQuery, req);
      res.json(await databases.list(callerOf(res).tenant, { limit, after: cursor, name }));
    },
    post: async (req, res) => {
      refuseQuery(req);
      const wanted = parseInput(CreateDatabase, requireBody(bodyOf(req)));
      sendAccepted(res, await databases.create(writeContext(req, res), wanted));
    },
  });
  addRoute(router, '/databases/:database', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await databases.read(callerOf(res).tenant, parseDatabaseAddress(req.params['database'])));
    },
    patch: async (req, res) => {
      refuseQuery(req);
      const body = refuseRename('database', requireBody(bodyOf(req)));
      const change = parseInput(UpdateDatabase, body);
      const address = parseDatabaseAddress(req.params['database']);
      sendAccepted(res, await databases.update(writeContext(req, res), address, change));
    },
    delete: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      const address = parseDatabaseAddress(req.params['database']);
      sendAccepted(res, await databases.remove(writeContext(req, res), address));
    },
  });
  addRoute(router, '/databases/:database/restore', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      const address = parseDatabaseAddress(req.params['database']);
      sendAccepted(res, await databases.restore(writeContext(req, res), address));
    },
  });
  return router;
}

/** Some texts can be either; one that can be neither leads nowhere. */
export function parseDatabaseAddress(text: unknown): DatabaseAddress {
  return { id: DatabaseId.safeParse(text).data, name: DatabaseName.safeParse(text).data };
}
