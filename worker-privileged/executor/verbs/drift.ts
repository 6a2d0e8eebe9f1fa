import { runsPhp, type SiteSpec } from '../../../contract/domains.ts';
import { FailureError } from '../../../contract/failures.ts';
import type { DomainId } from '../../../contract/ids.ts';
import { differencesOf } from '../differences.ts';
import { runSteps, type Step } from '../ensure.ts';
import { paths } from '../system/paths.ts';
import type { SiteEntry } from '../system/registry.ts';
import type { System } from '../system/system.ts';
import { databaseAsTenant } from './align.ts';
import { allAnswersOf, stepsToPut } from './site.ts';
import { whole } from './site-parts/certificate.ts';
import { noDropIns } from './site/drop-ins.ts';
import { versionOf } from './site/php.ts';
import { settled } from './site/registered.ts';
import { holderOf, type Story } from './site/story.ts';
import { storyOf } from './site/told.ts';
import type { VerbHandler } from './table.ts';
import { doorTold } from './tenant.ts';
import { stepsToLimitDisk } from './tenant/disk.ts';

/**
 * What on the server is not as root's own record says: the steps that made it so, looked at and not run. What lies in the
 * trash, or never stood whole, has nothing to be compared with.
 */
export function lookAtSite(system: System): VerbHandler<'site.drift'> {
  return async ({ id }) => {
    const spec = await asNoted(system, id);
    if (spec === null) return { differences: [], probes: [] };
    try {
      const story = await storyOf(system, spec);
      const steps = [...stepsOf(story), whole(system, id)];
      const differences = await differencesOf(system.files, steps, 'tell');
      return { differences: [...differences], probes: await allAnswersOf(story) };
    } catch (cause) {
      if (!(cause instanceof FailureError)) throw cause;
      return { differences: [{ step: 'read what it needs', words: cause.message, files: [] }], probes: [] };
    }
  };
}

/**
 * Told before it is overwritten, so that nothing that somebody did by hand is lost without a word; and counted, for root may
 * have done it against whoever asks.
 */
export function repairSite(system: System): VerbHandler<'site.repair'> {
  return async ({ id }, run) => {
    const spec = await asNoted(system, id);
    if (spec === null) return { differences: [], probes: [] };
    const story = await storyOf(system, spec);
    const differences = await differencesOf(system.files, stepsOf(story), 'tell');
    const repair = () => runSteps(stepsOf(story), run);
    await (differences.length === 0 ? repair() : system.caps.repair(id, repair));
    return { differences: [...differences], probes: await allAnswersOf(story) };
  };
}

/** The record is what is compared with, and is nothing to compare. */
function stepsOf(story: Story): readonly Step[] {
  const { name } = settled(story);
  return [...stepsToPut(story).filter((step) => step.name !== name), noDropIns(story)];
}

/** The site as it was last asked for and came about; null where there is none that stands. */
async function asNoted(system: System, id: DomainId): Promise<SiteSpec | null> {
  const entry = await system.registry.read(id);
  if (entry === null || entry.removedAt !== null || entry.settings === null) return null;
  const { generation, name, isolation, tenant, settings } = entry;
  const phpVersion = runsPhp(settings.type) ? (settings.phpVersion ?? (await versionOf(system, id))) : null;
  const aliases = (await ownNames(system, entry)).filter((alias) => alias !== name);
  return {
    ...{ id, generation, name, aliases, isolation, tenant, protected: entry.protected },
    ...{ ...settings, phpVersion },
  };
}

/** What broke off may have noted a name that was another's already. */
async function ownNames({ files }: Pick<System, 'files'>, { id, names }: SiteEntry) {
  const found: typeof names = [];
  for (const name of names) {
    const link = await files.readLink(paths.host(name)).catch(() => null);
    if (link === null || holderOf(link) === id) found.push(name);
  }
  return found;
}

export function lookAtDatabase(system: System): VerbHandler<'database.drift'> {
  return async ({ id }) => {
    const step = await databaseAsTenant(system, id);
    const differences = await differencesOf(system.files, step === null ? [] : [step], 'tell');
    return { differences: [...differences] };
  };
}

export function lookAtTenant(system: System): VerbHandler<'tenant.drift'> {
  return async ({ id }) => {
    const entry = await system.tenants.read(id);
    if (entry === null || entry.removedAt !== null) return { differences: [] };
    const steps = [doorTold(system, entry), ...(await stepsToLimitDisk(system, entry))];
    const differences = await differencesOf(system.files, steps, 'tell');
    return { differences: [...differences] };
  };
}
