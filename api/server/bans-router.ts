import { Router } from 'express';
import { z } from 'zod';
import { BanAddress, CreateBan } from '../../contract/bans.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { BansService } from './bans-service.ts';

const Place = z.strictObject({ address: BanAddress });

export function createBansRouter(bans: BansService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/server/bans', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await bans.read(callerOf(res)));
    },
    post: async (req, res) => {
      refuseQuery(req);
      const wanted = parseInput(CreateBan, requireBody(bodyOf(req)));
      sendAccepted(res, await bans.ban(writeContext(req, res), wanted));
    },
  });
  addRoute(router, '/server/bans/:address', {
    delete: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      const { address } = parseInput(Place, { address: req.params['address'] });
      sendAccepted(res, await bans.unban(writeContext(req, res), address));
    },
  });
  return router;
}
