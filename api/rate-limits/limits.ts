import type { RequestHandler } from 'express';
import type { TokenId } from '../../contract/ids.ts';
import type { Config } from '../../runtime/config.ts';
import { addressOf, ON_SOCKET } from '../caller.ts';
import { ProblemError } from '../problems.ts';
import { WINDOW_MS } from './counter.ts';
import type { Count } from './counter.ts';
import { neighbourhood } from './neighbourhood.ts';

export type LimitSettings = Pick<
  Config,
  'requestsPerToken' | 'requestsPerAddress' | 'failedLoginsPerAddress'
>;

/** Each counts one, and throws a ProblemError where that is one too many in this minute. */
export interface RateLimits {
  readonly token: (id: TokenId) => Promise<void>;
  readonly address: (address: string) => Promise<void>;
  readonly failedLogin: (address: string) => Promise<void>;
}

export function createRateLimits(settings: LimitSettings, count: Count): RateLimits {
  const limit = async (name: string, most: number): Promise<void> => {
    if ((await count(name)) > most) throw tooMany();
  };
  // Root, on the socket itself, has no address and locks nobody out.
  const byAddress = (kind: string, most: number) => async (address: string) => {
    if (address !== ON_SOCKET) await limit(`${kind}:${neighbourhood(address)}`, most);
  };
  return {
    token: (id) => limit(`token:${id}`, settings.requestsPerToken),
    address: byAddress('address', settings.requestsPerAddress),
    failedLogin: byAddress('failed', settings.failedLoginsPerAddress),
  };
}

/** Before anything else is done for a request, health included. */
export function limitAddresses({ address }: RateLimits): RequestHandler {
  return async (req, _res, next) => {
    await address(addressOf(req));
    next();
  };
}

function tooMany(): ProblemError {
  const seconds = Math.ceil((WINDOW_MS - (Date.now() % WINDOW_MS)) / 1000);
  const headers = { 'Retry-After': String(seconds) };
  return new ProblemError('rate-limited', `Ask again in ${seconds} seconds.`, { headers });
}
