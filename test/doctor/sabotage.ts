import type { Ids } from './sites.ts';
import type { Undo } from './spoil.ts';

/** Something that is done to a server, and what doctor must say of it, in which check. */
export type Sabotage = {
  readonly name: string;
  readonly spoil: (ids: Ids) => Undo | Promise<Undo>;
  readonly check: string;
  readonly sentence: RegExp;
};
