import type { Request } from 'express';
import { PartId } from '../../contract/ids.ts';
import { PartName } from '../../contract/site-parts.ts';
import type { PartType } from '../../contract/site-parts.ts';
import { parseDomainAddress } from '../domains/find.ts';
import type { PartAddress } from './service.ts';

/** Its last part carries the name of its type. What is neither an id nor a name leads nowhere. */
export function parsePartAddress({ params }: Request, type: PartType): PartAddress {
  const part = params[type];
  return {
    domain: parseDomainAddress(params['domain']),
    id: PartId.safeParse(part).data,
    name: PartName.safeParse(part).data,
  };
}
