import type { SiteSpec } from '../../../contract/domains.ts';
import { FailureError } from '../../../contract/failures.ts';
import { runSteps, type Step } from '../ensure.ts';
import { paths } from '../system/paths.ts';
import type { SiteEntry } from '../system/registry.ts';
import type { System } from '../system/system.ts';
import { allAnswersOf, putSite, stepsToRemove, stepsToServe } from './site.ts';
import { account, accountRemoved, accountUnlocked, processesEnded } from './site/account.ts';
import { requireDue } from './grace.ts';
import { partsForgotten } from './site-parts/follow.ts';
import { homeRestored } from './site/home.ts';
import { namesHeld } from './site/names.ts';
import { refuse, refuseForeignWww, refuseServerName, registered, requireSame } from './site/registered.ts';
import type { Story } from './site/story.ts';
import { storyOf } from './site/told.ts';
import { requireType } from './site/type.ts';
import type { VerbHandler } from './table.ts';
import { sizeForgotten } from './tenant/disk.ts';
import { requireRoomForSite } from './tenant/standing.ts';

/**
 * Brings a removed site back: the same account, the same files. Where that fails it lies in the trash as before;
 * where it breaks off it counts as lying there until it is asked for again.
 */
export function restoreSite(system: System): VerbHandler<'site.restore'> {
  return async (spec, run) => {
    const entry = await admitToRestore(system, spec);
    // Done already, and the answer was lost: what is asked of a site that stands is looked at like any change.
    if (entry.removedAt === null) return putSite(system)(spec, run);
    const story = await storyOf(system, spec);
    await requireRoomForSite(system, entry);
    await requireType(system, spec);
    await runSteps(stepsToRestore(story, entry), run);
    return { probes: await allAnswersOf(story) };
  };
}

export function stepsToRestore(story: Story, entry: SiteEntry): readonly Step[] {
  const { system } = story;
  return [
    registered(story),
    namesHeld(story),
    ...(entry.isolation === 'site' ? [account(story)] : []),
    ...(entry.isolation === 'site' && !story.suspended ? [accountUnlocked(system, entry)] : []),
    homeRestored(system, entry),
    ...stepsToServe(story),
  ];
}

async function admitToRestore(system: System, spec: SiteSpec): Promise<SiteEntry> {
  refuseServerName({ system, spec });
  refuseForeignWww(spec);
  const entry = await system.registry.read(spec.id);
  if (entry === null || entry.purgingAt !== null) throw notThere();
  requireSame(entry, spec);
  if (entry.removedAt === null && entry.generation !== spec.generation)
    throw refuse('The site is not in the trash.', 'Nothing has to be brought back.');
  return entry;
}

/**
 * Takes a removed site away for good: its files, its account. Its entry stays, so that neither id nor number is
 * ever given again. Refused before its time in the trash is over, unless root asks on the server.
 */
export function purgeSite(
  system: System,
  { atOnce }: { readonly atOnce: boolean } = { atOnce: false },
): VerbHandler<'site.purge'> {
  return async ({ id }, run) => {
    const entry = await system.registry.read(id);
    if (entry === null) throw notThere();
    if (entry.purgedAt !== null) return {};
    if (entry.removedAt === null)
      throw refuse(
        'The site is not in the trash.',
        'Remove it first; only what lies in the trash is purged.',
      );
    if (!atOnce && entry.purgingAt === null) await requireDue(system, entry.removedAt);
    await runSteps(stepsToPurge(system, entry), run);
    return {};
  };
}

/** What a restoration that broke off has brought back is taken away again first. */
export function stepsToPurge(system: System, entry: SiteEntry): readonly Step[] {
  const own = entry.isolation === 'site';
  return [
    noted(system, entry, 'purgingAt'),
    ...stepsToRemove(system, entry),
    partsForgotten(system, entry),
    filesErased(system, entry),
    sizeForgotten(system, entry),
    ...(own ? [processesEnded(system, entry), accountRemoved(system, entry)] : []),
    noted(system, entry, 'purgedAt'),
  ];
}

function filesErased({ folders, erase }: Pick<System, 'folders' | 'erase'>, { id }: SiteEntry): Step {
  const left = async () => (await folders.list(paths.trash)).filter((name) => name.startsWith(`${id}-`));
  return {
    name: 'remove the files',
    look: async () => ((await left()).length === 0 ? null : 'its files are in the trash'),
    change: async () => {
      for (const name of await left()) await erase(paths.inTrash(name));
      return null;
    },
  };
}

function noted(
  { registry, now }: Pick<System, 'registry' | 'now'>,
  { id }: SiteEntry,
  when: 'purgingAt' | 'purgedAt',
): Step {
  return {
    name: when === 'purgingAt' ? 'note that it is purged' : 'note that it is gone',
    look: async () => ((await registry.read(id))?.[when] === null ? 'it is not noted' : null),
    change: async () => {
      const entry = await registry.read(id);
      if (entry !== null) await registry.write({ ...entry, [when]: now().toISOString() });
      return null;
    },
  };
}

function notThere(): FailureError {
  return new FailureError('not_found', 'There is no such site in the trash.', 'Create it anew.');
}
