import type { Request } from 'express';
import { TOKEN_TEXT } from '../contract/tokens.ts';

const EVERY_TOKEN = new RegExp(TOKEN_TEXT, 'g');

/** An address as it may be kept: without the query, and without a token that somebody took for its id. */
export function loggedPath(req: Request): string {
  const [path = ''] = req.originalUrl.split('?', 1);
  return path.replace(EVERY_TOKEN, '[secret]').slice(0, 300);
}
