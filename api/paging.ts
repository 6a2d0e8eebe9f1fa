import type { Request } from 'express';
import { z } from 'zod';
import { parseInput } from './validation.ts';

/** One page of a list; `next` is the cursor of the following one, null on the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const limit = z
  .string()
  .regex(/^(?:[1-9][0-9]?|1[0-9]{2}|200)$/, 'a number from 1 to 200')
  .transform(Number)
  .default(50);

/** Of a list whose pages begin after a `position`. A cursor is encoded so that nobody builds one. */
export function pageQuery(position: z.ZodType) {
  const cursor = z
    .string()
    .max(400)
    .refine((text) => position.safeParse(decode(text)).success, 'the `next` of an earlier page')
    .transform(decode)
    .optional();
  return { limit, cursor };
}

function decode(text: string): string {
  return Buffer.from(text, 'base64url').toString('latin1');
}

/** The query of a list with its own filters; a parameter it does not know is refused, as is one given twice. */
export function parseQuery<S extends z.ZodType>(schema: S, req: Request): z.infer<S> {
  return parseInput(schema, { ...req.query });
}

const Nothing = z.strictObject({});
const OfWrite = z.strictObject({ plan: z.literal('true').optional() });

/**
 * For addresses that take no query; a token in one, for instance, is not passed over in silence. Every write may be asked
 * for as a plan, and is refused where it cannot be one.
 */
export function refuseQuery(req: Request): void {
  parseQuery(reads(req) ? Nothing : OfWrite, req);
}

/** What there is to be told, and not to be done. */
export function isPlan(req: Request): boolean {
  return !reads(req) && parseQuery(OfWrite, req).plan === 'true';
}

function reads({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** A page out of one row more than was asked for, if there was one. */
export function toPage<T>(found: readonly T[], size: number, key: (last: T) => string): Page<T> {
  const items = found.slice(0, size);
  const last = items.at(-1);
  const more = found.length > size && last !== undefined;
  return { items, next: more ? Buffer.from(key(last), 'latin1').toString('base64url') : null };
}
