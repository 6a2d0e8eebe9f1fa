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

export function restartOwn({
  replaced,
  updateLog,
}: Pick<System, 'replaced' | 'updateLog'>): VerbHandler<'updates.restart'> {
  return async () => {
    const { services } = await replaced.look();
    await replaced.restart(services);
    await updateLog.noteRenewed(services);
    return {};
  };
}

export function reportUpdates({ updateLog }: Pick<System, 'updateLog'>): VerbHandler<'updates.report'> {
  return async () => ({ report: await updateLog.report() });
}

export function updatesStatus({ upgrades }: Pick<System, 'upgrades'>): VerbHandler<'updates.status'> {
  return async (_, run) => {
    const pending = await upgrades.pending().catch((cause: unknown) => {
      run.warn('it is not known which updates wait', cause);
      return null;
    });
    return { pending, last: await upgrades.last(), reboot: await upgrades.reboot() };
  };
}

/** Whoever asks again, because who asked broke off, waits for the same one, or hears what came of it. */
export function installUpdates({
  upgrades,
  caps,
}: Pick<System, 'upgrades' | 'caps'>): VerbHandler<'updates.install'> {
  return async ({ id }) => {
    if (!(await upgrades.isOver(id))) await caps.upgrade(id, () => upgrades.begin(id));
    return { run: await upgrades.outcome(id) };
  };
}

export function noteTold({ updateLog }: Pick<System, 'updateLog'>): VerbHandler<'updates.told'> {
  return async ({ upTo }) => {
    await updateLog.told(upTo);
    return {};
  };
}

/** One that sleeps, or is gone, has nothing to start anew. */
export function renewSite({
  registry,
  masters,
  updateLog,
}: Pick<System, 'registry' | 'masters' | 'updateLog'>): VerbHandler<'site.renew'> {
  return async ({ id }) => {
    const entry = await registry.read(id);
    if (entry === null || entry.removedAt !== null) return {};
    await masters.refresh(poolOf(entry));
    await updateLog.noteRenewed([id]);
    return {};
  };
}
