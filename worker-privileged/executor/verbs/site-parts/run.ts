import type { PartKind } from './kind.ts';
import { forgotten, programGone, stopped } from './program.ts';

/** A command that runs once. It is started by `run.start` alone, and by nothing that only brings a site back. */
export const RUN: PartKind<'run'> = {
  whileDisabled: false,
  inPool: false,
  letsIn: () => true,
  on: () => [],
  off: (system, { part }) => [programGone(system, part.id), stopped(system, part.id)],
  gone: (system, { part }) => [
    programGone(system, part.id),
    stopped(system, part.id),
    forgotten(system, part.id),
  ],
};
