import type { SiteSpec } from '../../../contract/domains.ts';
import type { Probe } from '../../../contract/executor.ts';
import { letsMoreIn } from '../../../contract/site-options.ts';
import { runSteps, type Step } from '../ensure.ts';
import type { SiteEntry } from '../system/registry.ts';
import type { System } from '../system/system.ts';
import {
  account,
  accountAsTenant,
  accountLocked,
  accountRemoved,
  inNoOtherGroup,
  processesEnded,
} from './site/account.ts';
import { certificateProbes } from './certificates.ts';
import { probesOf } from './site/answers.ts';
import { destroys, refuseIfProtected } from './site/destruction.ts';
import { dueAt } from './grace.ts';
import { countedForTenant, sizeForgotten } from './tenant/disk.ts';
import { partsFollow } from './site-parts/follow.ts';
import { home, homeFolders, homeTrashed } from './site/home.ts';
import { mailClosed, mailRemoved, mailOpen } from './site/mail.ts';
import { namesClosed, namesFreed, namesHeld, namesServed } from './site/names.ts';
import { fpmConf, phpConfigured, phpOff, phpOn } from './site/php.ts';
import { phpCommand } from './site/php-command.ts';
import { publicDirectory } from './site/public-directory.ts';
import { relayOff, relayOn, relays } from './site/relay.ts';
import { admit, registered, settled } from './site/registered.ts';
import { hasOwnServerBlock, noServerBlock, serverBlock } from './site/server-block.ts';
import { live, notLive, siteFolder, siteFolderRemoved, switches } from './site/site-files.ts';
import { shareOf, shareSet } from './site/share.ts';
import { entryOf, namesOf, poolOf, type Story } from './site/story.ts';
import { standsSuspended } from './site/suspension.ts';
import { storyOf } from './site/told.ts';
import { requireType } from './site/type.ts';
import { forgotten, homeUnmade, neverStood } from './site/unmade.ts';
import { noVisitors, visitors } from './site/visitors.ts';
import type { VerbHandler } from './table.ts';

/** Makes a site, or makes it as it is asked for now. */
export function putSite(system: System): VerbHandler<'site.put'> {
  return async (spec, run) => {
    const story = await storyOf(system, spec);
    await admit(story);
    await requireType(system, spec);
    const put = () => runSteps(stepsToPut(story), run);
    const entry = await system.registry.read(spec.id);
    if (entry?.settings?.enabled === true && !spec.enabled) refuseIfProtected(entry);
    await counted(system, { entry, spec }, put);
    return { probes: await allAnswersOf(story) };
  };
}

/** What keeps visitors off, and what lets some in, each under its cap. */
async function counted(
  { caps }: Pick<System, 'caps'>,
  { entry, spec }: { readonly entry: SiteEntry | null; readonly spec: SiteSpec },
  put: () => Promise<void>,
): Promise<void> {
  const key = `put-${spec.id}-${spec.generation}`;
  const destroyed = async () => (entry !== null && destroys(entry, spec) ? caps.destroy(key, put) : put());
  const before = entry?.settings?.options;
  await (before !== undefined && letsMoreIn(before, spec.options) ? caps.letIn(key, destroyed) : destroyed());
}

/** In this order a site that is half made does not answer, and one that is half changed answers as before. */
export function stepsToPut(story: Story): readonly Step[] {
  const { system, spec } = story;
  return [
    registered(story),
    namesHeld(story),
    ...(spec.isolation === 'site' ? [account(story), inNoOtherGroup(story)] : []),
    home(story),
    homeFolders(story),
    countedForTenant(system, spec),
    publicDirectory(story),
    ...stepsToServe(story),
  ];
}

/** What is done once its account and its files are there. */
export function stepsToServe(story: Story): readonly Step[] {
  const { system, spec, php, suspended } = story;
  const ownBlock = hasOwnServerBlock(story);
  return [
    siteFolder(story),
    shareSet(system, poolOf(spec), shareOf(story.plan)),
    ...(php === null ? [] : [phpConfigured(story, php), phpCommand(story, php)]),
    ...(php === null || suspended ? [] : [phpOn(story)]),
    ...(relays(spec, suspended) ? [relayOn(system, spec.id)] : []),
    ...(spec.isolation === 'pool'
      ? []
      : [spec.enabled && !suspended ? mailOpen(story) : mailClosed(system, spec)]),
    ...visitors(story),
    ...(ownBlock ? [serverBlock(story)] : []),
    switches(story),
    namesServed(story),
    ...(ownBlock ? [] : [noServerBlock(system, spec.id)]),
    ...(spec.options.basicAuth === null ? [noVisitors(system, spec.id)] : []),
    live(story),
    partsFollow(system, spec.id, {
      ...{ removed: false, enabled: spec.enabled, suspended, names: namesOf(spec) },
    }),
    settled(story),
    ...(php === null || suspended ? [phpOff(system, spec)] : []),
    ...(relays(spec, suspended) ? [] : [relayOff(system, spec.id)]),
    ...(spec.isolation === 'site' ? [accountAsTenant(story)] : []),
    standsSuspended(system, spec.id, suspended),
    namesFreed(system, spec.id, namesOf(spec)),
  ];
}

/**
 * Takes a site away: its files are kept in the trash, its account is locked and kept. What breaks off half-way
 * is not put back, and goes on from there when it is asked for again. An id that was never here is gone already.
 */
export function removeSite(system: System): VerbHandler<'site.remove'> {
  return async ({ id }, run) => {
    const entry = await system.registry.read(id);
    if (entry === null || entry.purgingAt !== null) return { probes: [], purgeAfter: null };
    if (entry.removedAt !== null) {
      // A restoration that broke off has brought back some of it.
      await runSteps(stepsToRemove(system, entry), run);
      return { probes: [], purgeAfter: await dueAt(system, entry.removedAt) };
    }
    refuseIfProtected(entry);
    const probes = entry.names.map((host): Probe => ({ host, path: '/', expect: 'closed' }));
    if (await neverStood(system, entry)) {
      await runSteps(stepsToUnmake(system, entry), run);
      return { probes, purgeAfter: null };
    }
    await system.caps.destroy(`remove-${id}`, () => runSteps(stepsToRemove(system, entry), run));
    const { removedAt } = await entryOf({ system, spec: entry });
    return { probes, purgeAfter: removedAt === null ? null : await dueAt(system, removedAt) };
  };
}

/** The names come last: while they are held nobody else's files can stand where this site's did. */
export function stepsToRemove(system: System, entry: SiteEntry): readonly Step[] {
  return [
    ...stepsToClose(system, entry),
    homeTrashed(system, entry),
    siteFolderRemoved(system, entry),
    namesFreed(system, entry.id, []),
    unregistered(system, entry),
  ];
}

/** Nothing of it is kept, in the trash neither: the state goes by there being nothing, and would never purge it. */
function stepsToUnmake(system: System, entry: SiteEntry): readonly Step[] {
  return [
    ...stepsToClose(system, entry),
    homeUnmade(system, entry),
    siteFolderRemoved(system, entry),
    namesFreed(system, entry.id, []),
    sizeForgotten(system, entry),
    ...(entry.isolation === 'site' ? [accountRemoved(system, entry)] : []),
    forgotten(system, entry),
  ];
}

function stepsToClose(system: System, entry: SiteEntry): readonly Step[] {
  return [
    notLive(system, entry),
    namesClosed(system, entry),
    partsFollow(system, entry.id, { removed: true, enabled: false, suspended: false }),
    phpOff(system, entry),
    relayOff(system, entry.id),
    noServerBlock(system, entry.id),
    noVisitors(system, entry.id),
    // The pool's account is other sites' too, and so is its way to the mailer.
    ...(entry.isolation === 'site'
      ? [mailRemoved(system, entry), accountLocked(system, entry), processesEnded(system, entry)]
      : []),
  ];
}

function unregistered({ registry, now }: Pick<System, 'registry' | 'now'>, { id }: SiteEntry): Step {
  return {
    name: 'note the removal',
    look: async () => ((await registry.read(id))?.removedAt === null ? 'the site is registered' : null),
    change: async () => {
      const entry = await registry.read(id);
      if (entry !== null) await registry.write({ ...entry, removedAt: now().toISOString() });
      return null;
    },
  };
}

/** The same, and what is shown over TLS. */
export async function allAnswersOf(story: Story): Promise<Probe[]> {
  const { system, spec } = story;
  return [...answersOf(story), ...(await certificateProbes(system, spec.id, namesOf(spec)))];
}

/** What only this site can answer, in the state that was asked for. */
function answersOf({ system, spec, php, suspended, plan }: Story): Probe[] {
  const ping = php === null ? null : fpmConf({ system, spec, plan }, php).ping;
  return probesOf({ id: spec.id, names: namesOf(spec), enabled: spec.enabled, suspended, ping });
}
