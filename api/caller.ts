import { isIP } from 'node:net';
import type { Request, Response } from 'express';
import type { TenantId } from '../contract/ids.ts';
import { ProblemError } from './problems.ts';

/** Who asks, once that is known. */
export interface Caller {
  readonly tokenId: string;
  readonly role: 'administrator';
  readonly tenant: TenantId;
  readonly address: string;
}

export function setCaller(res: Response, caller: Caller): void {
  res.locals['caller'] = caller;
}

/** Throws where authentication was not asked for: a route that forgets it answers nobody. */
export function callerOf(res: Response): Caller {
  const caller = callerIfKnown(res);
  if (caller === undefined) throw new ProblemError('unauthenticated', 'Send a token.');
  return caller;
}

export function callerIfKnown(res: Response): Caller | undefined {
  return res.locals['caller'] as Caller | undefined;
}

/**
 * The address of whoever asks, for logs and the audit, never for a decision. The socket can be reached by
 * nginx, which writes X-Forwarded-For itself, and by root; on a port the header is anybody's word.
 */
export function addressOf(req: Request): string {
  const { remoteAddress } = req.socket;
  if (remoteAddress !== undefined) return remoteAddress;
  const forwarded = req.headers['x-forwarded-for'];
  return typeof forwarded === 'string' && isIP(forwarded) !== 0 ? forwarded : 'socket';
}
