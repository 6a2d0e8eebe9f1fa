import type { System } from '../system/system.ts';
import type { VerbHandler } from './table.ts';

export function meetUpdates({ updates }: Pick<System, 'updates'>): VerbHandler<'updates.meet'> {
  return async ({ idle }) => ({ underWay: await updates.meet(idle) });
}
