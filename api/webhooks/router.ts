import { Router } from 'express';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { WebhookId } from '../../contract/ids.ts';
import { CreateWebhook, DeliveryId, UpdateWebhook } from '../../contract/webhooks.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { pageQuery, parseQuery, refuseQuery } from '../paging.ts';
import { notFound } from '../problems.ts';
import { addRoute } from '../routes.ts';
import { parseInput, refuseBody, requireBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import type { OnceAnswer } from '../write-once.ts';
import type { WebhookService } from './service.ts';

const ListQuery = z.strictObject(pageQuery(WebhookId));
const position = z.string().regex(/^[1-9][0-9]{0,15}$/);
const DeliveriesQuery = z.strictObject(pageQuery(position));

export function createWebhookRouter(webhooks: WebhookService): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/webhooks', {
    get: async (req, res) => {
      const { limit, cursor } = parseQuery(ListQuery, req);
      res.json(await webhooks.list(callerOf(res), { limit, after: cursor }));
    },
    post: async (req, res) => {
      refuseQuery(req);
      const wanted = parseInput(CreateWebhook, requireBody(bodyOf(req)));
      send(res, 201, await webhooks.create(writeContext(req, res), wanted));
    },
  });
  addRoute(router, '/webhooks/:webhook', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await webhooks.read(callerOf(res), webhookAt(req)));
    },
    patch: async (req, res) => {
      refuseQuery(req);
      const change = parseInput(UpdateWebhook, requireBody(bodyOf(req)));
      send(res, 200, await webhooks.update(writeContext(req, res), webhookAt(req), change));
    },
    delete: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      send(res, 200, await webhooks.remove(writeContext(req, res), webhookAt(req)));
    },
  });
  addRoute(router, '/webhooks/:webhook/rotate-secret', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      send(res, 200, await webhooks.rotate(writeContext(req, res), webhookAt(req)));
    },
  });
  addRoute(router, '/webhooks/:webhook/test', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      send(res, 201, await webhooks.test(writeContext(req, res), webhookAt(req)));
    },
  });
  addDeliveries(router, webhooks);
  return router;
}

function addDeliveries(router: Router, webhooks: WebhookService): void {
  addRoute(router, '/webhooks/:webhook/deliveries', {
    get: async (req, res) => {
      const { limit, cursor } = parseQuery(DeliveriesQuery, req);
      const before = cursor === undefined ? undefined : Number(cursor);
      res.json(await webhooks.deliveries(callerOf(res), webhookAt(req), { limit, before }));
    },
  });
  addRoute(router, '/webhooks/:webhook/deliveries/:delivery', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await webhooks.delivery(callerOf(res), webhookAt(req), deliveryAt(req)));
    },
  });
  addRoute(router, '/webhooks/:webhook/deliveries/:delivery/resend', {
    post: async (req, res) => {
      refuseQuery(req);
      refuseBody(bodyOf(req));
      send(res, 201, await webhooks.resend(writeContext(req, res), webhookAt(req), deliveryAt(req)));
    },
  });
}

/** It is done with the answer: there is no operation to wait for. */
function send(res: Response, status: 200 | 201, { body, replayed }: OnceAnswer): void {
  if (replayed) res.set('Idempotent-Replayed', 'true');
  res.status(status).json(body);
}

function webhookAt({ params }: Request): WebhookId {
  const id = WebhookId.safeParse(params['webhook']);
  if (!id.success) throw notFound('webhook with this id');
  return id.data;
}

function deliveryAt({ params }: Request): number {
  const text = position.safeParse(params['delivery']);
  const id = DeliveryId.safeParse(Number(text.data));
  if (!id.success) throw notFound('delivery with this id');
  return id.data;
}
