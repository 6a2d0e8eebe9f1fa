import type { PartType } from '../../../../contract/site-parts.ts';
import { CACHE } from './cache.ts';
import { CERTIFICATE } from './certificate.ts';
import { CRON } from './cron.ts';
import { KEY } from './key.ts';
import { QUEUE } from './queue.ts';
import type { PartKind } from './kind.ts';
import { RUN } from './run.ts';

/** The closed table: a type without its entry does not compile. */
export const PART_KINDS: { readonly [T in PartType]: PartKind<T> } = {
  key: KEY,
  queue: QUEUE,
  cache: CACHE,
  certificate: CERTIFICATE,
  cron: CRON,
  run: RUN,
};
