import { raw } from 'express';
import type { Request, RequestHandler } from 'express';
import { ProblemError } from './problems.ts';
import { parseStrictJson } from './strict-json.ts';

/** Enough for a hundred aliases of the greatest length, twice. */
export const MAX_BODY_BYTES = 65_536;

const JSON_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset="?utf-8"?)?[ \t]*$/i;
/** Keeps a byte order mark, which is no JSON. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the body, which is one JSON object in UTF-8, or nothing at all. */
export function readBody(): readonly RequestHandler[] {
  const parseBody: RequestHandler = (req, _res, next) => {
    const bytes: unknown = req.body;
    // What reads it passes over a request whose connection broke meanwhile, as if nothing had been sent.
    if (isSent(req) && !Buffer.isBuffer(bytes))
      throw new ProblemError('invalid-json', 'The body did not come in whole.');
    req.body = Buffer.isBuffer(bytes) && bytes.length > 0 ? parseStrictJson(decode(bytes)) : undefined;
    next();
  };
  // inflate: false answers a compressed body with 415: nobody needs one, and a bomb is not unpacked.
  return [checkType, raw({ type: () => true, limit: MAX_BODY_BYTES, inflate: false }), parseBody];
}

/** Undefined when nothing was sent. */
export function bodyOf(req: Request): Record<string, unknown> | undefined {
  return req.body as Record<string, unknown> | undefined;
}

const checkType: RequestHandler = (req, _res, next) => {
  if (isSent(req) && !JSON_TYPE.test(req.headers['content-type'] ?? ''))
    throw new ProblemError('unsupported-media-type', 'Send the body with Content-Type: application/json.');
  next();
};

function isSent({ headers }: Request): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function decode(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new ProblemError('invalid-json', 'The body is not UTF-8.');
  }
}
