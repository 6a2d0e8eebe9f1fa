import type { System } from '../system/system.ts';
import type { VerbHandler } from './table.ts';

/** Nothing of it is chosen by who asks; how often is root's own count. */
export function dumpState({ stateDumps }: Pick<System, 'stateDumps'>): VerbHandler<'state.dump'> {
  return () => stateDumps.keep();
}
