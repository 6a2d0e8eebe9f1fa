import type { RequestHandler } from 'express';
import { z } from 'zod';
import { PartName } from '../../contract/site-parts.ts';
import type { PartType } from '../../contract/site-parts.ts';
import { bodyOf } from '../body.ts';
import { callerOf } from '../caller.ts';
import { parseDomainAddress } from '../domains/find.ts';
import { pageQuery, parseQuery, refuseQuery } from '../paging.ts';
import { sendAccepted } from '../routes.ts';
import { refuseBody } from '../validation.ts';
import { writeContext } from '../write-context.ts';
import { parsePartAddress } from './address.ts';
import type { PartService } from './service.ts';

/* What is the same at the addresses of every type of part. */

/** A page begins after a `position`: a name, where parts have one. */
export function listParts(
  parts: Pick<PartService<PartType>, 'list'>,
  position: z.ZodType<string> = PartName,
): RequestHandler {
  const query = z.strictObject(pageQuery(position));
  return async (req, res) => {
    const { limit, cursor } = parseQuery(query, req);
    const domain = parseDomainAddress(req.params['domain']);
    res.json(await parts.list(callerOf(res).tenant, domain, { limit, after: cursor }));
  };
}

export function readPart(parts: Pick<PartService<PartType>, 'read'>, type: PartType): RequestHandler {
  return async (req, res) => {
    refuseQuery(req);
    res.json(await parts.read(callerOf(res).tenant, parsePartAddress(req, type)));
  };
}

export function removePart(parts: Pick<PartService<PartType>, 'remove'>, type: PartType): RequestHandler {
  return async (req, res) => {
    refuseQuery(req);
    refuseBody(bodyOf(req));
    sendAccepted(res, await parts.remove(writeContext(req, res), parsePartAddress(req, type)));
  };
}
