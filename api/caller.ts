import { isIP } from 'node:net';
import type { Request, Response } from 'express';
import type { TenantId, TokenId } from '../contract/ids.ts';
import type { Token } from '../contract/tokens.ts';
import { ProblemError } from './problems.ts';

/** Who asks, once that is known. */
export interface Caller extends Pick<Token, 'role' | 'tenant' | 'scopes'> {
  readonly tokenId: TokenId;
  /** An administrator who has named the tenant that this is for. */
  readonly acting: boolean;
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

/** Whose is theirs to see. An administrator who acts for a tenant sees that tenant's. */
export function viewOf({
  role,
  tenant,
  acting,
}: Pick<Caller, 'role' | 'tenant' | 'acting'>): TenantId | 'all' {
  return role === 'administrator' && !acting ? 'all' : tenant;
}

/** Whose token it was that was refused, and why; no word of it is answered. */
export interface RefusedName {
  readonly tokenId?: TokenId | undefined;
  readonly why?: string;
}

export function setName(res: Response, name: RefusedName): void {
  res.locals['name'] = name;
}

export function nameIfKnown(res: Response): RefusedName | undefined {
  return res.locals['name'] as RefusedName | undefined;
}

/** Root, who opened the socket itself: nobody else can without nginx, which always says whom it speaks for. */
export const ON_SOCKET = 'socket';
/** Somebody who sent a header that nginx does not write. */
export const UNKNOWN = 'unknown';

/**
 * The address of whoever asks. The socket can be opened by nginx, which overwrites X-Forwarded-For with the one
 * address it sees, and by root, who sends none; on the port this server writes it itself.
 */
export function addressOf(req: Request): string {
  const forwarded = req.headers['x-forwarded-for'];
  if (forwarded === undefined) return ON_SOCKET;
  return typeof forwarded === 'string' && isIP(forwarded) !== 0 ? forwarded : UNKNOWN;
}

/** The same where a token is bound to networks: root's own connection comes from this server. */
export function networkAddressOf(address: string): string {
  return address === ON_SOCKET ? '127.0.0.1' : address;
}
