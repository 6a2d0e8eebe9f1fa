import type { System } from '../system/system.ts';
import { poolOf } from './site/story.ts';
import type { VerbHandler } from './table.ts';

export function meetUpdates({ updates }: Pick<System, 'updates'>): VerbHandler<'updates.meet'> {
  return async ({ idle }) => ({ underWay: await updates.meet(idle) });
}

export function lookForReplaced({ replaced }: Pick<System, 'replaced'>): VerbHandler<'updates.look'> {
  return async () => {
    const { sites, services } = await replaced.look();
    return { sites: [...sites], services: [...services] };
  };
}

export function restartOwn({ replaced }: Pick<System, 'replaced'>): VerbHandler<'updates.restart'> {
  return async () => {
    await replaced.restart((await replaced.look()).services);
    return {};
  };
}

/** One that sleeps, or is gone, has nothing to start anew. */
export function renewSite({
  registry,
  masters,
}: Pick<System, 'registry' | 'masters'>): VerbHandler<'site.renew'> {
  return async ({ id }) => {
    const entry = await registry.read(id);
    if (entry !== null && entry.removedAt === null) await masters.refresh(poolOf(entry));
    return {};
  };
}
