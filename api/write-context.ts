import type { Request, Response } from 'express';
import type { IdempotencyKey } from '../state/idempotency.ts';
import { bodyOf } from './body.ts';
import { callerOf } from './caller.ts';
import type { Caller } from './caller.ts';
import { isPlan } from './paging.ts';
import { invalidInput } from './problems.ts';

/** Who writes, and the key under which a repetition is known again, if they sent one. */
export interface WriteContext {
  readonly caller: Caller;
  readonly key: IdempotencyKey | undefined;
  /** Nothing is to be written but what would be. */
  readonly plan: boolean;
}

export function writeContext(req: Request, res: Response): WriteContext {
  const caller = callerOf(res);
  const plan = isPlan(req);
  const key = req.headers['idempotency-key'];
  if (key === undefined) return { caller, key: undefined, plan };
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(key)) {
    const expected = '1 to 128 visible ASCII characters, for instance a UUID, sent once';
    throw invalidInput([{ field: 'Idempotency-Key', message: 'This header cannot be used.', expected }]);
  }
  const [path = ''] = req.originalUrl.split('?', 1);
  const request = `${req.method}\n${path}\n${caller.tenant}\n${canonicalJson(bodyOf(req))}`;
  return { caller, key: { tokenId: caller.tokenId, key, request }, plan };
}

/** The same text for the same document, in whatever order and spacing it was sent. Depth is bounded by then. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
