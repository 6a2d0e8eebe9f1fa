import type { AdminRequest } from './command.ts';

/** Something that shall be purged at once. */
export type PurgeRequest = AdminRequest & {
  /** Whether it was named by what a person knows it by: then no further word is asked for. */
  readonly byName: boolean;
};
