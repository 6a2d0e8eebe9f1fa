import { Router } from 'express';
import type { Request, Response } from 'express';
import type { OperationKind } from '../../contract/operations.ts';
import { QueueSpec, UpdateQueue } from '../../contract/queues.ts';
import { CreateQueue } from '../../contract/site-parts.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { parseDomainAddress } from '../domains/find.ts';
import { refuseQuery } from '../paging.ts';
import { addRoute, sendAccepted } from '../routes.ts';
import { parsePartAddress } from '../site-parts/address.ts';
import { listParts, readPart, removePart } from '../site-parts/handlers.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { QueueService } from './service.ts';

export function createQueueRouter(queues: QueueService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/domains/:domain/queues', {
    get: listParts(queues),
    post: async (req, res) => {
      refuseQuery(req);
      const { name, ...settings } = parseInput(CreateQueue, requireBody(bodyOf(req)));
      const domain = parseDomainAddress(req.params['domain']);
      const spec = { ...settings, running: true };
      sendAccepted(res, await queues.create(writeContext(req, res), domain, { name, spec }));
    },
  });
  addOne(router, queues);
  addDoings(router, queues);
  return router;
}

function addOne(router: Router, queues: QueueService): void {
  addRoute(router, '/domains/:domain/queues/:queue', {
    get: readPart(queues, 'queue'),
    patch: async (req, res) => {
      refuseQuery(req);
      const wanted = parseInput(UpdateQueue, requireBody(bodyOf(req)));
      const change = (spec: QueueSpec): QueueSpec => QueueSpec.parse({ ...spec, ...wanted });
      const address = parsePartAddress(req, 'queue');
      sendAccepted(
        res,
        await queues.update(writeContext(req, res), address, { kind: 'queue.update', change }),
      );
    },
    delete: removePart(queues, 'queue'),
  });
  addRoute(router, '/domains/:domain/queues/:queue/output', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await queues.output(callerOf(res).tenant, parsePartAddress(req, 'queue')));
    },
  });
}

/** Each asks for another version, which says whether it shall run. */
function addDoings(router: Router, queues: QueueService): void {
  const doing = (kind: OperationKind, running: boolean) => async (req: Request, res: Response) => {
    refuseQuery(req);
    refuseBody(bodyOf(req));
    const change = (spec: QueueSpec): QueueSpec => ({ ...spec, running });
    const address = parsePartAddress(req, 'queue');
    sendAccepted(res, await queues.update(writeContext(req, res), address, { kind, change }));
  };
  addRoute(router, '/domains/:domain/queues/:queue/start', { post: doing('queue.start', true) });
  addRoute(router, '/domains/:domain/queues/:queue/stop', { post: doing('queue.stop', false) });
  addRoute(router, '/domains/:domain/queues/:queue/restart', { post: doing('queue.restart', true) });
}
