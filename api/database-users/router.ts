import { Router } from 'express';
import type { Request } from 'express';
import { z } from 'zod';
import { CreateDatabaseUser, UpdateDatabaseUser } from '../../contract/databases.ts';
import { DatabaseUserId } from '../../contract/ids.ts';
import { DatabaseUserName } from '../../contract/names.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { refuseRename } from '../databases/rename.ts';
import { parseDatabaseAddress } from '../databases/router.ts';
import { pageQuery, parseQuery, refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { DatabaseUserAddress, DatabaseUserService } from './service.ts';

const ListQuery = z.strictObject(pageQuery(DatabaseUserName));

export function createDatabaseUserRouter(users: DatabaseUserService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/databases/:database/users', {
    get: async (req, res) => {
      const { limit, cursor } = parseQuery(ListQuery, req);
      const database = parseDatabaseAddress(req.params['database']);
      res.json(await users.list(callerOf(res).tenant, database, { limit, after: cursor }));
    },
    post: async (req, res) => {
      refuseQuery(req);
      const wanted = parseInput(CreateDatabaseUser, requireBody(bodyOf(req)));
      const database = parseDatabaseAddress(req.params['database']);
      sendAccepted(res, await users.create(writeContext(req, res), database, wanted));
    },
  });
  addRoute(router, '/databases/:database/users/:user', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await users.read(callerOf(res).tenant, parseAddress(req)));
    },
    patch: async (req, res) => {
      refuseQuery(req);
      const body = refuseRename('databaseUser', requireBody(bodyOf(req)));
      const change = parseInput(UpdateDatabaseUser, body);
      sendAccepted(res, await users.update(writeContext(req, res), parseAddress(req), change));
    },
    delete: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      sendAccepted(res, await users.remove(writeContext(req, res), parseAddress(req)));
    },
  });
  addRoute(router, '/databases/:database/users/:user/rotate-password', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      sendAccepted(res, await users.rotate(writeContext(req, res), parseAddress(req)));
    },
  });
  return router;
}

function parseAddress({ params }: Request): DatabaseUserAddress {
  const { user } = params;
  return {
    database: parseDatabaseAddress(params['database']),
    id: DatabaseUserId.safeParse(user).data,
    name: DatabaseUserName.safeParse(user).data,
  };
}
