import type { PartType } from '../../../../contract/site-parts.ts';
import type { Step } from '../../ensure.ts';
import type { PartEntryOf } from '../../system/part-register.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { System } from '../../system/system.ts';

/** How a part of one type is made so on the server, and taken away from it. */
export type PartKind<T extends PartType> = {
  /** Whether it stands while its site is switched off. */
  readonly whileDisabled: boolean;
  /** Whether it stands while its tenant is suspended. */
  readonly whileSuspended?: true;
  /** What works for one user alone is not for the sites that share one. */
  readonly inPool: boolean;
  /** Whether somebody comes in, or something runs, that could not as it stood before; null where it is new. */
  readonly letsIn: (before: PartEntryOf<T> | null, after: PartEntryOf<T>) => boolean;
  /** Throws where it would want what is somebody else's, or more than may be: before anything is written or counted. */
  readonly admit?: (system: System, at: Placed<T>) => Promise<void>;
  /** What has to be its own before it works, and stays so while it does not; refused where it is somebody else's. */
  readonly hold?: (system: System, at: Placed<T>) => readonly Step[];
  readonly on: (system: System, at: Placed<T>) => readonly Step[];
  /** Nothing of it works any more. What it needs to come back is kept. */
  readonly off: (system: System, at: Placed<T>) => readonly Step[];
  /** Nothing is left of it; where this is not said, nothing is once it is off. */
  readonly gone?: (system: System, at: Placed<T>) => readonly Step[];
};

export type Placed<T extends PartType> = { readonly site: SiteEntry; readonly part: PartEntryOf<T> };
