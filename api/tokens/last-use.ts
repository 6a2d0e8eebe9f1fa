import type { TokenId } from '../../contract/ids.ts';
import type { Logger } from '../../runtime/logger.ts';

/** Notes that a token was used, in its own time: no request waits for it, and none fails for it. */
export type NoteUse = (id: TokenId, address: string) => void;

export interface LastUseParts {
  readonly insert: (id: TokenId, address: string) => Promise<void>;
  readonly logger: Logger;
  readonly now?: () => number;
}

const SPAN_MS = 600_000;

/** Writes once for a token and ten minutes; what could not be written is tried with the next use. */
export function createLastUse({ insert, logger, now = Date.now }: LastUseParts): NoteUse {
  const written = new Map<TokenId, number>();
  return (id, address) => {
    const span = Math.floor(now() / SPAN_MS);
    if (written.get(id) === span) return;
    written.set(id, span);
    insert(id, address).catch((error: unknown) => {
      written.delete(id);
      logger.warn({ err: error }, 'a use of a token is not written down');
    });
  };
}
